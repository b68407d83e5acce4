// What the host loses while its network card joins the bridge, and while it comes back: pings every 2 ms out, in and over IPv6, and
// a TCP echo every 5 ms. In namespaces; needs root, iproute2, ping, and nft for the detour in the microseconds in which a port joins or
// leaves. ROUNDS=20, PINGS=5000 a round
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './time.mjs';

const rounds = Number(process.env.ROUNDS ?? 20);
const port = 7007;
/** Per round: as many as go on for longer than up and down take. */
const pings = Number(process.env.PINGS ?? 5000);

const roles = { serve, talk };
await (roles[process.argv[2]] ?? measure)();

/** In the router: gives back what it gets. */
function serve() {
  createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(port, () => console.log('ready'));
}

/** In the host: a byte every 5 ms; prints the longest time in which none came back, since the last line that it read. */
function talk() {
  const socket = connect({ port, host: '192.168.0.1', noDelay: true });
  let last = performance.now();
  let longest = 0;
  socket.on('connect', () => {
    last = performance.now();
    console.log('ready');
    setInterval(() => socket.write('x'), 5);
  });
  socket.on('data', () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  });
  process.stdin.on('data', () => {
    console.log(longest.toFixed(1));
    longest = 0;
  });
}

async function measure() {
  if (process.getuid() !== 0) {
    console.log('network: needs root, for its namespaces');
    return;
  }
  const [host, router] = ['h', 'r'].map((end) => `eulab-bench-${process.pid}${end}`);
  const state = mkdtempSync(join(tmpdir(), 'eulab-bench-'));
  const children = [];
  const run = (...args) => execFileSync(args[0], args.slice(1), { stdio: 'pipe' }).toString();
  const start = (space, ...args) => {
    const child = spawn('ip', ['netns', 'exec', space, ...args], { env: { ...process.env, EULAB_NET_STATE: state } });
    children.push(child);
    return child;
  };
  const line = (child) => new Promise((settle) => child.stdout.once('data', (data) => settle(data.toString().trim())));
  const ended = (child) =>
    new Promise((settle, fail) => {
      let text = '';
      child.stdout.on('data', (data) => {
        text += data;
      });
      child.stderr.on('data', (data) => {
        text += data;
      });
      child.once('close', (code) => (code === 0 ? settle(text) : fail(new Error(text))));
    });
  try {
    setUp(run, host, router);
    const server = start(router, process.execPath, resolve('bench/network.mjs'), 'serve');
    await line(server);
    const client = start(host, process.execPath, resolve('bench/network.mjs'), 'talk');
    await line(client);
    const stall = () => {
      client.stdin.write('\n');
      return line(client).then(Number);
    };
    const before = snapshot(run, host);
    const lost = { out: 0, in: 0, IPv6: 0 };
    const stalls = { up: [], down: [], rest: [] };
    for (let round = 0; round < rounds; round++) {
      const ping = (space, address) => ended(start(space, 'ping', '-q', '-i', '0.002', '-c', String(pings), '-W', '2', address));
      let over = false;
      const all = [ping(host, '192.168.0.1'), ping(router, '192.168.0.20'), ping(host, '2001:db8::1')].map((one) =>
        one.finally(() => {
          over = true;
        }),
      );
      await stall();
      await sleep(500);
      stalls.rest.push(await stall());
      await ended(start(host, process.execPath, 'dist/eulab.mjs', 'net', 'up', '--uplink', 'enp4s0'));
      stalls.up.push(await stall());
      await ended(start(host, process.execPath, 'dist/eulab.mjs', 'net', 'down'));
      stalls.down.push(await stall());
      if (over) throw new Error('the pings ended before the move did: more PINGS are needed');
      if (snapshot(run, host) !== before) throw new Error('down did not restore the host');
      for (const [index, text] of (await Promise.all(all)).entries()) {
        lost[Object.keys(lost)[index]] += pings - Number(/(\d+) received/.exec(text)[1]);
      }
    }
    console.log(
      `${rounds} times up --uplink and down, ${rounds * pings} pings each way, addresses and routes restored each time`,
    );
    for (const [way, count] of Object.entries(lost))
      console.log(`lost ${way.padEnd(40)} ${String(count).padStart(6)}  (wanted: 0)`);
    for (const [verb, all] of Object.entries(stalls)) {
      const most = Math.max(...all).toFixed(0);
      const wanted = verb === 'rest' ? 'for comparison' : 'wanted: at most 100 ms';
      console.log(
        `longest stall of TCP, ${verb.padEnd(23)} ${most.padStart(6)} ms, median ${median(all).toFixed(0)} ms  (${wanted})`,
      );
    }
  } finally {
    for (const child of children) child.kill('SIGKILL');
    for (const space of [host, router]) run('ip', 'netns', 'delete', space);
    rmSync(state, { recursive: true, force: true });
  }
}

function snapshot(run, host) {
  return [['addr'], ['route'], ['-6', 'route']].map((args) => run('ip', '-n', host, '-j', ...args)).join('');
}

function setUp(run, host, router) {
  for (const space of [host, router]) {
    run('ip', 'netns', 'add', space);
    run('ip', 'netns', 'exec', space, 'sysctl', '-qw', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0');
  }
  run('ip', 'link', 'add', 'name', 'enp4s0', 'netns', host, 'type', 'veth', 'peer', 'name', 'wan', 'netns', router);
  const words = (space, line) => run('ip', '-n', space, ...line.split(' '));
  for (const line of [
    'link set lo up',
    'link set wan up',
    'addr add 192.168.0.1/24 dev wan',
    'addr add 2001:db8::1/64 dev wan',
  ]) {
    words(router, line);
  }
  for (const line of [
    'link set lo up',
    'link set enp4s0 up',
    'addr add 192.168.0.20/24 dev enp4s0',
    'addr add 192.168.0.21/24 dev enp4s0',
    'addr add 2001:db8::20/64 dev enp4s0',
    'route add default via 192.168.0.1 dev enp4s0 proto dhcp src 192.168.0.20 metric 100',
    'route add 10.5.0.0/16 via 192.168.0.1 dev enp4s0 onlink',
  ]) {
    words(host, line);
  }
}
