# SPDX-License-Identifier: MIT
#
# rn_add_test(NAME name SOURCES file... [INTERNAL] [LINK_OPTIONS option...])
#
# One executable of Criterion tests, one ctest test. Links Criterion, or, in
# sanitizer builds and with RN_TEST_STUB=ON, the in-process runner of
# criterion_stub.c. INTERNAL: the sources see lib/ and get the static library,
# whose hidden names they may call.

option(RN_TEST_STUB "Run the tests in one process, without Criterion's own runner" OFF)
option(RN_TEST_VALGRIND "Run the tests under valgrind's memcheck, in one process" OFF)

set(RN_TEST_SUPPORT_DIR "${CMAKE_CURRENT_LIST_DIR}")

# For Debian, whose Criterion comes with a pkg-config file but no CMake package.
find_path(RN_CRITERION_INCLUDE_DIR criterion/criterion.h)
find_library(RN_CRITERION_LIBRARY criterion)
if(NOT RN_CRITERION_INCLUDE_DIR)
    message(FATAL_ERROR "Criterion's headers are missing: install libcriterion-dev, "
                        "or configure with -DRN_BUILD_TESTS=OFF")
endif()

if(RN_SANITIZE OR RN_TEST_STUB OR RN_TEST_VALGRIND)
    set(RN_TEST_IN_PROCESS TRUE)
else()
    set(RN_TEST_IN_PROCESS FALSE)
endif()

# Definite losses only: agents' records stay, reachable, to the end of the process.
set(RN_TEST_RUNNER)
if(RN_TEST_VALGRIND)
    find_program(RN_VALGRIND valgrind REQUIRED)
    set(RN_TEST_RUNNER ${RN_VALGRIND} --quiet --error-exitcode=99 --leak-check=full
        --show-leak-kinds=definite --errors-for-leak-kinds=definite --fair-sched=try
        --child-silent-after-fork=yes)
endif()

# Above the sum of what the suites take under a sanitizer on a loaded machine: a
# hang is caught by the suites' own time-outs first.
if(RN_SANITIZE OR RN_TEST_VALGRIND)
    set(RN_TEST_TIMEOUT 900)
else()
    set(RN_TEST_TIMEOUT 300)
endif()

if(NOT TARGET rn_test_support)
    add_library(rn_test_support STATIC ${RN_TEST_SUPPORT_DIR}/threads.c
                ${RN_TEST_SUPPORT_DIR}/kinds.c)
    target_include_directories(rn_test_support PUBLIC ${RN_TEST_SUPPORT_DIR}
                               ${RN_CRITERION_INCLUDE_DIR})
    target_compile_definitions(rn_test_support PUBLIC _GNU_SOURCE)
    # Headers alone: a test is linked with either the public or the inner library.
    target_include_directories(rn_test_support PUBLIC ${PROJECT_SOURCE_DIR}/lib/include)
    target_link_libraries(rn_test_support PUBLIC Threads::Threads)

    add_library(rn_test_stub OBJECT ${RN_TEST_SUPPORT_DIR}/criterion_stub.c)
    target_include_directories(rn_test_stub PRIVATE ${RN_CRITERION_INCLUDE_DIR})
    target_compile_definitions(rn_test_stub PRIVATE _GNU_SOURCE)
endif()

function(rn_add_test)
    cmake_parse_arguments(T "INTERNAL" "NAME" "SOURCES;LINK_OPTIONS" ${ARGN})
    add_executable(${T_NAME} ${T_SOURCES})
    target_link_libraries(${T_NAME} PRIVATE rn_test_support)
    if(T_INTERNAL)
        target_link_libraries(${T_NAME} PRIVATE runnel_internal)
    else()
        target_link_libraries(${T_NAME} PRIVATE runnel::runnel)
    endif()
    if(RN_TEST_IN_PROCESS)
        target_sources(${T_NAME} PRIVATE $<TARGET_OBJECTS:rn_test_stub>)
    else()
        target_link_libraries(${T_NAME} PRIVATE ${RN_CRITERION_LIBRARY})
    endif()
    target_link_options(${T_NAME} PRIVATE ${T_LINK_OPTIONS})
    add_test(NAME ${T_NAME} COMMAND ${RN_TEST_RUNNER} $<TARGET_FILE:${T_NAME}>)
    set_tests_properties(${T_NAME} PROPERTIES TIMEOUT ${RN_TEST_TIMEOUT})
    if(RN_TEST_VALGRIND)
        # Fewer rounds, more time: it runs one thread at a time, 30 times slower.
        set_tests_properties(${T_NAME} PROPERTIES ENVIRONMENT "RN_TEST_SCALE=2;RN_TEST_SLOW=5")
    endif()
endfunction()
