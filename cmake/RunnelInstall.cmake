# SPDX-License-Identifier: MIT
# Installs headers, both libraries, the CMake package and the pkg-config file.
# tests/install builds foreign projects against the result.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(rn_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/runnel)

install(DIRECTORY lib/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# One export per library: who uses the shared one needs no Concurrency Kit headers
# or archive, and must not be made to look for them.
foreach(kind shared static)
    set_target_properties(runnel_${kind} PROPERTIES EXPORT_NAME ${kind})
    install(TARGETS runnel_${kind} EXPORT runnel_${kind}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT runnel_${kind} NAMESPACE runnel:: FILE runnel-${kind}.cmake
        DESTINATION ${rn_package_dir})
endforeach()

configure_package_config_file(cmake/runnelConfig.cmake.in runnelConfig.cmake
    INSTALL_DESTINATION ${rn_package_dir}
    NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(runnelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/runnelConfig.cmake
    ${PROJECT_BINARY_DIR}/runnelConfigVersion.cmake
    ${PROJECT_SOURCE_DIR}/cmake/FindCK.cmake
    DESTINATION ${rn_package_dir})

# The prefix is written relative to the file's own place, so that an installed
# tree can be moved.
file(RELATIVE_PATH rn_pc_prefix
    "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" rn_pc_prefix "${rn_pc_prefix}")
configure_file(cmake/runnel.pc.in runnel.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/runnel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
