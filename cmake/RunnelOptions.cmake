# SPDX-License-Identifier: MIT
# How everything in this tree is compiled, by the options of the top CMakeLists.txt.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(PROJECT_IS_TOP_LEVEL)
    if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
        set(CMAKE_BUILD_TYPE Release)
    endif()
    add_compile_options(-Wall -Wextra)
endif()
if(RN_WERROR)
    add_compile_options(-Werror)
endif()

if(RN_SANITIZE STREQUAL "thread")
    set(rn_sanitizer -fsanitize=thread)
elseif(RN_SANITIZE STREQUAL "address")
    set(rn_sanitizer -fsanitize=address,undefined -fno-sanitize-recover=undefined)
elseif(RN_SANITIZE)
    message(FATAL_ERROR "RN_SANITIZE is '${RN_SANITIZE}'; it takes thread, address, or nothing")
endif()
if(RN_SANITIZE)
    add_compile_options(${rn_sanitizer} -g -fno-omit-frame-pointer)
    add_link_options(${rn_sanitizer})
endif()

# What the rooms of lib/ are compiled with, and with them who looks inside.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
    # The word ring's double-word compare-and-swap, and prefetching a line for writing
    # (the SPSC ring), which every 64-bit x86 either does or takes for a no-op.
    set(rn_cx16 -mcx16 -mprfchw)
endif()
if(RN_SANITIZE)
    set(rn_checks RN_CHECKS)
else()
    set(rn_checks $<$<CONFIG:Debug>:RN_CHECKS>)
endif()

# Adds a folder of this tree; one that is not there is left out by name.
function(rn_add_folder folder)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
        add_subdirectory(${folder})
    else()
        file(RELATIVE_PATH path "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
        message(STATUS "runnel: left out, there is no ${path}/CMakeLists.txt")
    endif()
endfunction()
