# example.nix - a package made in Nix's sandbox by the farm, without nixpkgs; the test suite builds this.
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   nix-build contrib/nix/example.nix --arg src ./source-tree
#
# The tools are the system's own, so nix.conf shows them to builds, and the gateway's directory:
#   sandbox = true
#   sandbox-paths = /bin=/usr/bin /usr /lib=/usr/lib /lib64=/usr/lib64 /etc/alternatives
#   extra-sandbox-paths = /run/distcc-gw?
{
  src,
  distcc ? "/usr/bin/distcc",
  targets ? "all",
  more ? { },
}:
let
  farm = import ./with-farm.nix { inherit distcc; };
in
derivation (farm.attrs ({
  name = "example";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-euc" ''
    mkdir tree
    cd tree
    "$src/configure" --quiet CC=gcc CFLAGS=-O1
    make -s -j"$JOBS" CC="$CC" $targets
    mkdir "$out"
    cp --parents $(find . -name "*.o") "$out"
  '' ];
  PATH = "/usr/bin:/bin";
  inherit src targets;
} // more))
