# SPDX-License-Identifier: MIT
# Finds Concurrency Kit (Debian: libck-dev) and defines CK::ck. Set CK_ROOT for
# one in an unusual place. Installed with runnel, for who links it statically.
find_path(CK_INCLUDE_DIR ck_ec.h)
find_library(CK_LIBRARY ck)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CK
    REQUIRED_VARS CK_LIBRARY CK_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "Concurrency Kit with ck_ec.h (0.7 or later), on Debian: apt-get install libck-dev")
mark_as_advanced(CK_INCLUDE_DIR CK_LIBRARY)

# By name and folder, not by file: a program linked with -static then gets libck.a.
if(CK_FOUND AND NOT TARGET CK::ck)
    get_filename_component(ck_folder "${CK_LIBRARY}" DIRECTORY)
    add_library(CK::ck INTERFACE IMPORTED)
    set_target_properties(CK::ck PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${CK_INCLUDE_DIR}"
        INTERFACE_LINK_DIRECTORIES "${ck_folder}"
        INTERFACE_LINK_LIBRARIES ck)
endif()
