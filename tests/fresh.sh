#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves the two commands of the README on a bare machine: makes a minimal Debian root
# by debootstrap, puts a fresh clone inside, and runs `./dev demo` and `./dev test` there.
#
#   tests/fresh.sh [--tree] [--release bookworm] [--dir DIR] [--keep]
#
#   --tree      take the files as they stand here, not the last commit
#   --release   a Debian release; tried: bookworm (12). Others are not tried.
#   --dir DIR   where to make the root (default: a temporary folder; needs 3 GB)
#   --keep      leave the root there
#
# Needs root, debootstrap, unshare (util-linux), and whatever mirror this machine's own
# apt is set up for; the root gets its packages from that one too. Takes 10 to 20 minutes.
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
release=bookworm tree='' keep='' dir=''

die() { echo "tests/fresh.sh: $*" >&2; exit 2; }

while [ $# -gt 0 ]; do
    case $1 in
    --tree) tree=yes ;;
    --keep) keep=yes ;;
    --release | --dir)
        [ $# -ge 2 ] || die "$1 needs a value"
        [ "$1" = --dir ] && dir=$2 || release=$2
        shift ;;
    -h | --help) sed -n '3,15s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown option $1" ;;
    esac
    shift
done

[ "$(id -u)" = 0 ] || die "has to run as root, for debootstrap and chroot"
for tool in debootstrap unshare chroot git tar; do
    command -v "$tool" >/dev/null 2>&1 || die "there is no $tool here; install it"
done

# The first Debian mirror that apt uses here, from either of its formats.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list \
    2>/dev/null | sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)*\([^ ]*\) .*/\2/p' |
    grep '/debian/*$' | head -n 1)
[ -n "$mirror" ] || die "apt has no Debian mirror here (/etc/apt/sources.list*)"

[ -n "$dir" ] || dir=$(mktemp -d "${TMPDIR:-/tmp}/runnel-fresh.XXXXXX")
root=$dir/root
[ ! -e "$root" ] || die "$root is there already; remove it or choose another --dir"
mkdir -p "$root"
cleanup() {
    status=$?
    # --one-file-system: should a mount have stayed behind, it is not followed.
    [ -n "$keep" ] || rm -rf --one-file-system "$root"
    [ -n "$keep" ] && echo "the root is kept in $root"
    [ $status = 0 ] && echo "fresh: ok ($release)" || echo "fresh: FAILED ($release)"
}
trap cleanup EXIT

echo "==== a minimal $release"
debootstrap --variant=minbase "$release" "$root" "$mirror" >"$dir/debootstrap.log" ||
    { tail "$dir/debootstrap.log" >&2; die "debootstrap failed; $dir/debootstrap.log has it all"; }
for file in /etc/resolv.conf /etc/hosts; do
    [ ! -e "$file" ] || cp -L "$file" "$root$file"
done
# A proxy, if this machine's apt needs one.
apt-config dump 2>/dev/null | grep -i '::proxy' >"$root/etc/apt/apt.conf.d/90proxy" || true

echo "==== a fresh clone"
if [ -n "$tree" ]; then
    mkdir "$root/runnel"
    (cd "$source" && git ls-files -co --exclude-standard -z |
        tar --ignore-failed-read --null -T - -cf -) | tar -C "$root/runnel" -xf -
else
    git clone --quiet --no-hardlinks "file://$source" "$root/runnel"
fi

# In a mount namespace of its own, so that nothing stays mounted whatever happens.
inside() {
    unshare --mount --pid --fork sh -c '
        root=$1
        shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount --make-rslave "$root/dev"
        exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"' \
        inside "$root" "$@" </dev/null
}

for command in demo test; do
    echo "==== ./dev $command"
    inside sh -c "cd /runnel && ./dev $command"
done
