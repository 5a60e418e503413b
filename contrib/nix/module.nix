# module.nix - the gateway on NixOS. The server is services.distccd of nixpkgs, with this package.
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   imports = [ ./contrib/nix/module.nix ];
#   services.distcc-gateway = { enable = true; hosts = [ "build7/16,lzo" "build8/16,lzo" ]; };
{ config, lib, pkgs, ... }:
let
  cfg = config.services.distcc-gateway;
in
{
  options.services.distcc-gateway = {
    enable = lib.mkEnableOption "the distcc gateway, through which sandboxed builds reach the farm";
    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./package.nix { };
      description = "The distcc to use.";
    };
    hosts = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      example = [ "build7/16,lzo" ];
      description = "The servers, as distcc(1) writes them.";
    };
    extraOptions = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      description = "More options of distcc-gateway(1).";
    };
    sandbox = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = "Whether builds of Nix see the socket's directory.";
    };
  };

  config = lib.mkIf cfg.enable {
    users.users.distcc = { isSystemUser = true; group = "distcc"; description = "distcc"; };
    users.groups.distcc = { };
    environment.etc."distcc/gateway.hosts".text = lib.concatStringsSep "\n" cfg.hosts + "\n";

    # The question mark: a build goes on, by itself, while there is no gateway. The directory and not the
    # socket: a bound socket file goes stale with the gateway that made it.
    nix.settings.extra-sandbox-paths = lib.mkIf cfg.sandbox [ "/run/distcc-gw?" ];

    systemd.services.distcc-gateway = {
      description = "distcc gateway";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" "nss-lookup.target" ];
      restartTriggers = [ config.environment.etc."distcc/gateway.hosts".text ];
      serviceConfig = {
        # Builds run with the ids of nixbld users, without further groups: the socket is for everybody here.
        ExecStart = lib.escapeShellArgs ([ "${cfg.package}/bin/distcc-gateway" "--no-detach" "--log-stderr"
          "--user=distcc" "--hosts=/etc/distcc/gateway.hosts" ] ++ cfg.extraOptions);
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        Restart = "on-failure";
        TimeoutStopSec = 5;
        NoNewPrivileges = true;
        ProtectSystem = "full";
        ProtectHome = "read-only";
        PrivateDevices = true;
        PrivateTmp = true;
        RestrictAddressFamilies = "AF_UNIX AF_INET AF_INET6 AF_NETLINK";
        CapabilityBoundingSet = "CAP_SETUID CAP_SETGID CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_NET_ADMIN";
      };
    };
  };
}
