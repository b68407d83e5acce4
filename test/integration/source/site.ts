import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from '../../../src/report.ts';
import type { Sites } from '../../../src/source/source.ts';

/** A file on the site; without `etag` it has no validator. */
export interface Page {
  readonly body: Buffer | string;
  readonly etag?: string;
  /** Close the connection after so many bytes, the first time it is asked for. */
  readonly cutAfter?: number;
  /** Send so many bytes and then nothing. */
  readonly stallAfter?: number;
  readonly ranges?: boolean;
}

/** One request as the site saw it, and how many bytes of body it sent. */
export interface Hit {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly sent: number;
}

/** A web site of this machine that serves `pages`, which a test fills, and keeps account. */
export interface Site extends AsyncDisposable {
  readonly url: string;
  readonly pages: Map<string, Page>;
  readonly hits: Hit[];
  readonly sites: Partial<Sites>;
}

export async function site(): Promise<Site> {
  const pages = new Map<string, Page>();
  const hits: Hit[] = [];
  const server = createServer((request, response) => answer(pages, hits, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    pages,
    hits,
    sites: { mirror: `${url}/kernel`, releases: `${url}/releases.json`, busybox: `${url}/busybox`, git: `${url}/linux.git` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(pages: Map<string, Page>, hits: Hit[], request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  const { range, 'if-range': ifRange } = request.headers;
  const page = pages.get(path);
  const before = hits.filter((hit) => hit.path === path).length;
  const note = (sent: number) => hits.push({ path, range, ifRange: ifRange?.toString(), sent });
  if (page === undefined) {
    note(0);
    response.writeHead(404).end('no such file');
    return;
  }
  const whole = Buffer.from(page.body);
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const continued = page.ranges !== false && start > 0 && (ifRange === undefined || ifRange === page.etag);
  const validator = page.etag === undefined ? {} : { etag: page.etag };
  if (continued && start >= whole.length) {
    note(0);
    response.writeHead(416, { 'content-range': `bytes */${whole.length}` }).end();
    return;
  }
  const body = continued ? whole.subarray(start) : whole;
  const contentRange = continued ? { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` } : {};
  response.writeHead(continued ? 206 : 200, { 'content-length': body.length, ...validator, ...contentRange });
  const limit = page.stallAfter ?? (before === 0 ? page.cutAfter : undefined) ?? body.length;
  note(Math.min(limit, body.length));
  if (limit >= body.length) response.end(body);
  else response.write(body.subarray(0, limit), () => page.stallAfter === undefined && response.destroy());
}

/** A URL of this machine where nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = createListener();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** A folder under the system's temporary one. */
export async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'eulab-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export const makefile = (version: string, patchlevel: string, sublevel: string) =>
  `VERSION = ${version}\nPATCHLEVEL = ${patchlevel}\nSUBLEVEL = ${sublevel}\nEXTRAVERSION =\n`;

/** A folder that looks like a kernel or a busybox tree; the payload, incompressible, makes its tarball large. */
export async function tree(
  place: string,
  program: 'kernel' | 'busybox' = 'kernel',
  { version = '6.6.22', payload = 300_000 }: { readonly version?: string; readonly payload?: number } = {},
): Promise<string> {
  const [major = '', minor = '', patch = ''] = version.split('.');
  const inner = join(place, program === 'kernel' ? 'arch' : 'applets');
  await mkdir(inner, { recursive: true });
  await writeFile(join(inner, 'Kconfig'), 'config X86\n');
  await writeFile(join(place, 'Makefile'), makefile(major, minor, patch));
  await writeFile(join(place, program === 'kernel' ? 'Kconfig' : 'Config.in'), 'mainmenu "Test"\n');
  await writeFile(join(place, 'payload'), randomBytes(payload));
  return place;
}

/** The bytes of a tarball of `folder`/`name`, as `tar --auto-compress` makes it for a name of that end. */
export async function tarball(parent: string, name: string, end = '.tar.xz'): Promise<Buffer> {
  const file = join(parent, `made${end}`);
  execFileSync('tar', ['--create', '--auto-compress', '--file', file, '--directory', parent, name]);
  const bytes = await readFile(file);
  await rm(file);
  return bytes;
}

/** A kernel release on the site: its tarball and an unsigned list of checksums. */
export async function publish(on: Site, work: string, version: string, page: Partial<Page> = {}): Promise<Buffer> {
  await tree(join(work, `linux-${version}`), 'kernel', { version });
  const body = await tarball(work, `linux-${version}`);
  const list = `/kernel/v${version[0]}.x/sha256sums.asc`;
  on.pages.set(list, { body: `${on.pages.get(list)?.body ?? ''}${sha256(body)}  linux-${version}.tar.xz\n` });
  on.pages.set(`/kernel/v${version[0]}.x/linux-${version}.tar.xz`, { body, etag: '"one"', ...page });
  return body;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What is reported, to look at afterwards. */
export function listener(): { readonly events: Event[]; readonly report: (event: Event) => void; notes(): string[] } {
  const events: Event[] = [];
  return {
    events,
    report: (event) => void events.push(event),
    notes: () => events.flatMap((event) => (event.kind === 'note' ? event.text : [])),
  };
}

/** All files below a folder, without those of unpacked trees. */
export async function cached(cache: string, part: string): Promise<string[]> {
  const names = await readdir(join(cache, part), { recursive: true, withFileTypes: true }).catch(() => []);
  return names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(cache.length + 1));
}
