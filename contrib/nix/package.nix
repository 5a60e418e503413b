# package.nix - distcc for nixpkgs: pkgs.callPackage ./contrib/nix/package.nix { }
# SPDX-License-Identifier: GPL-2.0-or-later
{
  lib,
  stdenv,
  autoreconfHook,
  autoconf-archive,
  popt,
  lzo,
  libevent,
  uthash,
  libseccomp,
  avahi,
  libkrb5,
  python3,
  runtimeShell,
  sysconfDir ? "", # where the host list is; default: etc in the output
}:
stdenv.mkDerivation (finalAttrs: {
  pname = "distcc";
  version = "4.0";
  src = lib.cleanSource ../..;

  nativeBuildInputs = [ autoreconfHook autoconf-archive ];
  buildInputs = [ popt lzo libevent uthash libseccomp avahi libkrb5 python3 ];
  configureFlags = [ "--enable-gateway" "--with-avahi" "--with-auth" ]
    ++ lib.optional (sysconfDir != "") "--sysconfdir=${sysconfDir}";
  installFlags = [ "sysconfdir=${placeholder "out"}/etc" "pumpdir=${placeholder "out"}/lib/distcc-pump" ];
  enableParallelBuilding = true;

  # Compilers named gcc and g++ that set what extraConfig exports and run distcc, for wrapCC. The variables
  # go through the wrapper, so that a sandboxed build needs none of its own.
  passthru.links = extraConfig: stdenv.mkDerivation {
    name = "distcc-links";
    dontUnpack = true;
    installPhase = ''
      mkdir -p $out/bin
      for name in gcc g++; do
        if [ -x ${stdenv.cc.cc}/bin/$name ]; then
          cat >$out/bin/$name <<END
      #!${runtimeShell}
      ${extraConfig}
      exec ${finalAttrs.finalPackage}/bin/distcc ${stdenv.cc.cc}/bin/$name "\$@"
      END
          chmod +x $out/bin/$name
        fi
      done
    '';
    passthru = { inherit (stdenv.cc.cc) isGNU version; isClang = false; langC = true; langCC = true; };
  };

  meta = {
    description = "Distributed compiling that reaches the farm from sandboxes without a network";
    license = lib.licenses.gpl2Plus;
    platforms = lib.platforms.linux;
    mainProgram = "distcc";
  };
})
