import { Option } from 'commander';
import { grouped } from './grouped.ts';
import * as nets from './net-values.ts';
import { absolute, collected, duration, parsed } from './option-parsers.ts';

/** The settings of the guest's network and of the host's: a part of the table of settings in config.ts. */
export const netSettings = {
  ...grouped('Network:', {
    net: () =>
      new Option(
        '--net <net>',
        'user: out through the host; lab:NAME: a switch of your machines; bridge[:NAME], tap[:NAME]: of net up; none; with model=, mac=, ' +
          'pcap=, ip=, ... behind commas (repeatable)',
      )
        .env('EULAB_NET')
        .argParser(collected(nets.nicSchema)),
    bridgeHelper: () =>
      new Option('--bridge-helper <program>', "what makes tap devices on bridges for --net bridge (default: QEMU's own)")
        .env('EULAB_BRIDGE_HELPER')
        .argParser(absolute),
    mac: () =>
      new Option('--mac <mac>', "the network card's address, or random (default: by the machine's name)").argParser(
        parsed(nets.macSchema),
      ),
    ip: () =>
      new Option('--ip <address>', "the guest's ADDRESS/PREFIX, dhcp, or none; IPv6 too (repeatable)")
        .env('EULAB_IP')
        .argParser(collected(nets.ipSchema)),
    gateway: () => new Option('--gateway <address>', 'where it routes by (repeatable)').argParser(collected(nets.addressSchema)),
    dns: () => new Option('--dns <address>', 'its name server (repeatable)').argParser(collected(nets.addressSchema)),
    pcap: () => new Option('--pcap <file>', 'write what goes through the network card there, for tcpdump and Wireshark'),
    forward: () =>
      new Option('--forward <ports>', 'a port of the host into the guest: tcp:127.0.0.1:10022-:22 (repeatable)').argParser(
        collected(nets.forwardSchema),
      ),
  }),
  ...grouped('Bridge:', {
    bridge: () =>
      new Option('--bridge <name>', 'the bridge: letters, digits, dots and dashes, 15 at most')
        .default('vmbr0')
        .env('EULAB_BRIDGE')
        .argParser(parsed(nets.interfaceSchema)),
    bridgeAddress: () =>
      new Option('--address <address>', "the host's ADDRESS/PREFIX on an isolated bridge; guests get others of that network")
        .default('10.77.0.1/24')
        .env('EULAB_BRIDGE_ADDRESS')
        .argParser(parsed(nets.hostAddressSchema)),
    nat: () => new Option('--no-nat', 'guests of an isolated bridge do not get out').env('EULAB_NO_NAT'),
    dhcp: () => new Option('--no-dhcp', 'no addresses for guests of an isolated bridge').env('EULAB_NO_DHCP'),
    netState: () =>
      new Option('--state <folder>', 'where the journal of what was before lies')
        .default('/run/eulab/net')
        .env('EULAB_NET_STATE')
        .argParser(absolute),
  }),
  ...grouped('Network card:', {
    uplink: () =>
      new Option('--uplink <nic>', 'the network card that joins the bridge, with its addresses and routes: guests are on the LAN')
        .env('EULAB_UPLINK')
        .argParser(parsed(nets.interfaceSchema)),
    confirmWithin: () =>
      new Option('--confirm-within <time>', 'with --uplink: everything is taken back when no gateway has answered by then')
        .default(30_000, '30s')
        .env('EULAB_CONFIRM_WITHIN')
        .argParser(duration),
    netForce: () => new Option('--force', 'take a card also from NetworkManager or systemd-networkd'),
  }),
  ...grouped('Who may use it:', {
    bridgeUser: () =>
      new Option('--bridge-user <user>', 'may boot machines on the bridge without root: eulab boot --net bridge')
        .env('EULAB_BRIDGE_USER')
        .argParser(parsed(nets.userSchema)),
    tapUser: () =>
      new Option('--tap-user <user>', 'a tap device on the bridge, tap-USER, that this user may open')
        .env('EULAB_TAP_USER')
        .argParser(parsed(nets.userSchema)),
    sudoers: () =>
      new Option('--sudoers', 'print the rule by which sudo lets you make this very call, and its net down, without a password'),
  }),
} as const;
