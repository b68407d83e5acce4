import { Option } from 'commander';
import * as v from 'valibot';
import { grouped } from './grouped.ts';
import * as nets from './net-values.ts';
import { parsed } from './option-parsers.ts';

const idSchema = v.pipe(
  v.string(),
  v.regex(/^\d+$/, 'is no number of a VLAN'),
  v.transform(Number),
  v.check((id) => id >= 1 && id <= 4094, 'is no VLAN: there are 1 to 4094'),
);

/** The part of the table of settings that is about VLANs. @see config.ts */
export const vlanSettings = {
  ...grouped('Network card:', {
    vlan: () =>
      new Option('--vlan <id>', 'with --uplink: guests are in this VLAN of the LAN, 1 to 4094')
        .env('EULAB_VLAN')
        .conflicts(['address'])
        .argParser(parsed(idSchema)),
    vlanMode: () =>
      new Option(
        '--vlan-mode <mode>',
        'sub: only an interface of the VLAN joins, nothing moves; aware: the card joins as trunk (default: sub)',
      )
        .choices(['sub', 'aware'] as const)
        .env('EULAB_VLAN_MODE'),
    vlanAddress: () =>
      new Option('--vlan-address <address>', "the host's own ADDRESS/PREFIX in the VLAN (default: it has none)")
        .env('EULAB_VLAN_ADDRESS')
        .argParser(parsed(nets.hostAddressSchema)),
  }),
} as const;
