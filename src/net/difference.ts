import { sameAddress } from './address.ts';
import { addressesOf, type Facts, linkOf } from './facts.ts';
import type { Saved } from './journal.ts';
import { movable, sameRoute } from './route.ts';

/** What of a NIC is not as it was before its move, each as a phrase; nothing when all is restored. Pure. */
export function difference(saved: Saved, facts: Facts): string[] {
  if (linkOf(facts, saved.nic) === undefined) return [`${saved.nic} is gone: its addresses and routes cannot be restored`];
  const addresses = addressesOf(facts, saved.nic);
  const routes = facts.routes.filter((route) => route.dev === saved.nic && movable(route));
  return [
    ...saved.addresses
      .filter((address) => !addresses.some((one) => sameAddress(one, address)))
      .map(({ local, prefixlen }) => `${saved.nic} lacks the address ${local}/${prefixlen}`),
    ...saved.routes
      .filter((route) => !routes.some((one) => sameRoute(one, route)))
      .map(({ dst }) => `${saved.nic} lacks the route ${dst}`),
  ];
}
