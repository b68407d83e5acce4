import { join } from 'node:path';
import { type Goal, judged } from '../goal.ts';
import type { Lab } from '../lab.ts';
import { compared, type Question, yesNo, yesOrNo } from '../prediction.ts';
import { ended, parts, predicted, shown, type Trial } from '../trial.ts';

export const dhcp: Lab = { name: 'dhcp', title: 'A lease without a script', check };

const question: Question = {
  key: 'address',
  about: 'eth0 has its address once udhcpc has the lease',
  answers: yesOrNo,
  why: 'udhcpc calls its script and configures nothing itself; a script that only talks leaves the card as it was',
};

/** A lease with the script that was given, one with the learner's, and what that makes of the lease of another network. */
const look = `
show() { ip -o -4 address show dev eth0; echo ==; ip -4 route; echo ==; cat /etc/resolv.conf 2>/dev/null; echo ==; }
ip link set eth0 up
udhcpc -i eth0 -nq -t 4 -T 1 -s /given 2>&1; echo ==
ip -o -4 address show dev eth0; echo ==
ip address flush dev eth0
udhcpc -i eth0 -nq -t 4 -T 1 -s /script 2>&1; echo ==
show
export interface=eth0 ip=192.0.2.7 mask=24 router=192.0.2.1 dns=192.0.2.53
/script deconfig >/dev/null 2>&1; /script bound >/dev/null 2>&1
show
`;

async function check(trial: Trial): Promise<Goal[]> {
  const file = shown(trial, 'script');
  const options = ['--net', 'user', '--ip', 'none', '--add', `${file}:/script`, '--add', `${join(trial.given, 'script')}:/given`];
  const seen = await trial.boot({ options, command: ['sh', '-c', look] });
  const goal = 'udhcpc gets a lease';
  if (seen.status === undefined) return [ended(goal, seen)];
  const [, before = '', said = '', address = '', route = '', resolver = '', address2 = '', route2 = '', resolver2 = ''] = parts(
    seen.stdout,
  );
  const [leased = ''] = /lease of (\d+\.){3}\d+ obtained/.exec(said) ?? [];
  if (leased === '') return [ended(goal, seen, ...lines(said).slice(-3), `${file} has to be a program: chmod 755 ${file}`)];
  return [
    compared(predicted(trial), question, yesNo(/ inet /.test(before)), shown(trial, 'predict')),
    hasAddress(address, said),
    judged(
      'the default route goes to 10.0.2.2',
      /^default via 10\.0\.2\.2 dev eth0/m.test(route),
      lines(route),
      'the lease names a router, and no route leads to it: a router has to be a neighbour when the route is made',
    ),
    judged(
      '/etc/resolv.conf names 10.0.2.3',
      /^nameserver\s+10\.0\.2\.3\s*$/m.test(resolver),
      lines(resolver),
      'the lease names a resolver, and programs look for it in that file: resolv.conf(5)',
    ),
    judged(
      'with another lease it is another address, router and resolver',
      / inet 192\.0\.2\.7\/24 /.test(address2) && /via 192\.0\.2\.1 /.test(route2) && /192\.0\.2\.53/.test(resolver2),
      [...lines(address2), ...lines(route2), ...lines(resolver2)],
      'the script was called with ip=192.0.2.7 mask=24 router=192.0.2.1 dns=192.0.2.53: take what is in the environment',
    ),
  ];
}

function hasAddress(address: string, said: string): Goal {
  const alone = / inet 10\.0\.2\.15\/32 /.test(address) || / inet 10\.0\.2\.15 /.test(address);
  const why = alone
    ? 'without its prefix an address is alone on its network: /32'
    : 'the lease was obtained, and nobody gave eth0 the address that is in $ip';
  return judged(
    'eth0 has 10.0.2.15/24',
    / inet 10\.0\.2\.15\/24 /.test(address),
    [...lines(said).slice(-2), ...lines(address)],
    why,
  );
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replaceAll(/\\?\s+/g, ' ').trim())
    .filter(Boolean);
}
