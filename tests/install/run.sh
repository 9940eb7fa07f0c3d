#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs a build to a scratch prefix and lets foreign projects use it, each with
# nothing but what a user has: the prefix, cmake, pkg-config, a compiler.
#
#   run.sh SOURCE_DIR BUILD_DIR SCRATCH_DIR CASE
#
# CASE install comes first (a ctest fixture); then cmake, pkgconfig, subdirectory.
set -eu
source=$1 build=$2 scratch=$3 case=$4
here=$source/tests/install
prefix=$scratch/prefix
export CMAKE_GENERATOR=Ninja

fail() {
    echo "install test ($case): $*" >&2
    exit 1
}

# runs PROGRAM SUM: it must start and print the right sum.
runs() {
    output=$("$1") || fail "$1 fails: $output"
    echo "$1: $output"
    case $output in
    *"sum $2,"*) ;;
    *) fail "$1 prints '$output', not sum $2" ;;
    esac
}

binds_now() {
    readelf -d "$1" | grep -Eq 'BIND_NOW|FLAGS_1.*NOW' ||
        fail "$1 is bound lazily: -z now did not reach its link line"
}

is_shared() {
    readelf -d "$1" | grep -q 'NEEDED.*librunnel.so.0' || fail "$1 does not use librunnel.so.0"
}

is_archive() {
    if readelf -d "$1" | grep -q 'NEEDED.*librunnel'; then
        fail "$1 uses the shared library"
    fi
}

is_static() {
    if readelf -d "$1" | grep -q NEEDED; then
        fail "$1 is not static"
    fi
}

do_install() {
    rm -rf "$scratch"
    mkdir -p "$scratch"
    # Installed elsewhere and moved: nothing inside may refer to its place.
    cmake --install "$build" --prefix "$scratch/elsewhere" >"$scratch/install.log" ||
        fail "cmake --install: see $scratch/install.log"
    mv "$scratch/elsewhere" "$prefix"
    library=$(find "$prefix" -name librunnel.so)
    [ -n "$library" ] || fail "no librunnel.so under $prefix"
    readelf -d "$library" >"$scratch/dynamic"
    for mark in 'SONAME.*\[librunnel\.so\.0\]' 'BIND_NOW|FLAGS_1.*NOW' 'NODELETE'; do
        grep -Eq "$mark" "$scratch/dynamic" || fail "$library has no $mark"
    done
}

do_cmake() {
    (cd "$prefix/include" && find . -name '*.h' | sort | sed 's|^\./|#include <|; s|$|>|') \
        >"$scratch/every_header"
    mkdir -p "$scratch/cmake"
    cp "$scratch/every_header" "$scratch/cmake/every_header.h"
    cmake -S "$here/cmake" -B "$scratch/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wpedantic -Werror"
    cmake --build "$scratch/cmake"
    for kind in runnel shared static; do
        runs "$scratch/cmake/by_$kind" 500500
        binds_now "$scratch/cmake/by_$kind"
    done
    is_shared "$scratch/cmake/by_runnel"
    is_shared "$scratch/cmake/by_shared"
    is_archive "$scratch/cmake/by_static"
    runs "$scratch/cmake/by_nothing_shared" 500500
    is_static "$scratch/cmake/by_nothing_shared"
    runs "$scratch/cmake/by_cplusplus" 5050
    binds_now "$scratch/cmake/by_cplusplus"
}

do_pkgconfig() {
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name runnel.pc)")
    export PKG_CONFIG_PATH
    mkdir -p "$scratch/pkgconfig"
    make -B -C "$scratch/pkgconfig" -f "$here/pkgconfig/Makefile" SOURCE="$here/consumer.c"
    LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name librunnel.so)")
    export LD_LIBRARY_PATH
    for kind in shared archive static; do
        runs "$scratch/pkgconfig/by_$kind" 500500
    done
    is_shared "$scratch/pkgconfig/by_shared"
    is_archive "$scratch/pkgconfig/by_archive"
    binds_now "$scratch/pkgconfig/by_shared"
    binds_now "$scratch/pkgconfig/by_archive"
    is_static "$scratch/pkgconfig/by_static"
}

do_subdirectory() {
    cmake -S "$here/subdirectory" -B "$scratch/subdirectory" -DRUNNEL_SOURCE="$source"
    cmake --build "$scratch/subdirectory"
    for kind in runnel shared static; do
        runs "$scratch/subdirectory/by_$kind" 500500
        binds_now "$scratch/subdirectory/by_$kind"
    done
}

"do_$case"
