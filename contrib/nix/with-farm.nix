# with-farm.nix - the attributes of a derivation, changed so that its compiles go to the farm.
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   farm = import ./with-farm.nix { distcc = "${pkgs.distcc}/bin/distcc"; };
#
#   pkgs.hello.overrideAttrs farm.overrideAttrs        stdenv: gcc and g++ are distcc, in front of the wrapper
#   derivation (farm.attrs { name = ...; builder = ...; })   without nixpkgs: $CC and $CXX run distcc
#
# The builder sees the gateway's directory where nix.conf says "extra-sandbox-paths = /run/distcc-gw?";
# without it, and on a machine without a gateway, everything is compiled inside.
{
  distcc,
  socket ? "/run/distcc-gw/socket",
  jobs ? 16,
}:
let
  variables = {
    DISTCC_HOSTS = "unix:${socket}";
    # There is no HOME, and state is this build's own.
    DISTCC_DIR = "/build/.distcc";
  };
in
{
  attrs = attrs: { CC = "${distcc} gcc"; CXX = "${distcc} g++"; JOBS = toString jobs; } // variables // attrs;

  # In front of stdenv's compiler wrapper, which still preprocesses: what the farm gets names no store path.
  overrideAttrs = old: variables // {
    preConfigure = (old.preConfigure or "") + ''
      mkdir -p "$DISTCC_DIR" "$TMPDIR/distcc-links"
      for name in cc gcc c++ g++ "$CC" "$CXX"; do
        ln -sf ${distcc} "$TMPDIR/distcc-links/$name"
      done
      export PATH="$TMPDIR/distcc-links:$PATH"
      export NIX_BUILD_CORES=${toString jobs}
    '';
  };
}
