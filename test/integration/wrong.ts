/** Something that is refused with status 2, and what the message must name. */
export interface Wrong {
  readonly what: string;
  readonly place: string;
  /** The eulab.toml; one that is right unless given. */
  readonly toml?: string;
  /** `boot -- true` unless given. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const file = (what: string, place: string, toml: string, args?: readonly string[]): Wrong => ({
  what,
  place: `eulab.toml:${place}`,
  toml,
  ...(args === undefined ? {} : { args }),
});

const boot = (what: string, place: string, line: string): Wrong => file(what, place, `[boot]\n${line}\n`);

/** Files of settings, and an environment, that cannot be. */
export const configurations: readonly Wrong[] = [
  file('a table that is not closed', '1:', '[boot\nmemory = "1G"\n'),
  boot('a text without quotes', '2:', 'memory = 1G'),
  boot('a colon, as YAML has it', '2:', 'memory: 1G'),
  boot('quotes that are not closed', '2:', 'memory = "1G'),
  boot('a key without a value', '2:', 'memory ='),
  boot('a key twice', '3:', 'memory = "1G"\nmemory = "2G"'),
  file('a table twice', '3:', '[boot]\ncpus = 1\n[boot]\nmemory = "1G"\n'),
  file('a misspelt table', '1:1', '[bot]\nmemory = "1G"\n'),
  file('a table of a verb without settings', '2:1', '[ps]\njson = true\n', ['config', 'check']),
  file('a key in no table', '1:1', 'memory = "1G"\n'),
  file('a list of tables', '1:1', '[[boot]]\nmemory = "1G"\n'),
  boot('a misspelt key', '2:1', 'memroy = "1G"'),
  boot('a key with an underscore', '2:1', 'kernel_form = "elf"'),
  boot('a key in camel case', '2:1', 'onPanic = "stop"'),
  boot('a key with no- in front', '2:1', 'no-check = true'),
  boot('what only the command line may say', '2:1', 'dry-run = true'),
  file('a key that would mean two things', '2:1', '[build]\nsource = "6.6"\n', ['build', 'kernel']),
  boot('a switch for a text', '2:10', 'memory = true'),
  boot('a text for a switch', '2:8', 'warm = "yes"'),
  boot('a list for what is said once', '2:10', 'memory = ["1G", "2G"]'),
  boot('a table for what is said once', '2:1', 'memory = { size = "1G" }'),
  boot('a number among texts', '2:20', 'append = ["quiet", 3]'),
  boot('a date for a text', '2:7', 'rtc = 2038-01-19'),
  boot('a size that is none', '2:10', 'memory = "lots"'),
  boot('too little memory', '2:10', 'memory = "4M"'),
  boot('no CPU', '2:8', 'cpus = 0'),
  boot('a misspelt choice', '2:9', 'accel = "kvmm"'),
  boot('a time that is none', '2:11', 'timeout = "soon"'),
  boot('a limit on no phase', '2:19', 'limit = { kernl = "30s" }'),
  boot('a network that is none', '3:3', 'net = [\n  "wifi",\n]'),
  boot('a misspelt word of a network', '2:8', 'net = ["user,modle=e1000"]'),
  boot('an address of a group', '2:7', 'mac = "03:00:00:00:00:01"'),
  boot('an address without its prefix', '2:6', 'ip = "10.0.0.2"'),
  boot('a port that is none', '2:11', 'forward = "tcp::99999-:22"'),
  boot('a variable without a name', '2:8', 'env = ["=1"]'),
  boot('two that exclude each other', '3:1', 'check = false\nkernel-form = "elf"'),
  file('a machine with a name that is none', '1:1', '[machine."a b"]\nmemory = "1G"\n'),
  file('a machine without a name', '2:1', '[machine]\nmemory = "1G"\n'),
  file('a mistake in a machine', '2:1', '[machine.web]\nmemroy = "1G"\n', ['boot', 'web', '--', 'true']),
  file('a VLAN that is none', '2:8', '[net.up]\nvlan = 5000\n', ['net', 'up', '--dry-run']),
  boot('a kernel that is not there', '2:1', 'kernel = "./no/bzImage"'),
  file('several at once', '4:9', '[boot]\nmemroy = "1G"\ncpus = 0\naccel = "xen"\n[machine.web]\n[bild]\n'),
  { what: 'a variable with a value that is none', place: 'EULAB_MEMORY', env: { EULAB_MEMORY: 'lots' } },
  { what: 'a misspelt variable', place: 'EULAB_MEMROY', env: { EULAB_MEMROY: '1G' }, args: ['config', 'check'] },
  { what: 'a file that is not there', place: '--config', args: ['--config', 'no.toml', 'boot', '--', 'true'] },
  { what: 'a folder for a file', place: 'artifacts', args: ['--config', 'artifacts', 'boot', '--', 'true'] },
];

const line = (what: string, place: string, ...args: string[]): Wrong => ({ what, place, args });

/** Command lines that cannot be. */
export const words: readonly Wrong[] = [
  line('a misspelt verb', 'bot', 'bot'),
  line('a verb of another tool', 'start', 'start'),
  line("a misspelt verb of a verb's", 'kernal', 'build', 'kernal'),
  line('help for no verb', 'bot', 'help', 'bot'),
  line('a misspelt option', '--memroy', 'boot', '--memroy', '1G'),
  line('an option of another verb', '--memory', 'build', 'kernel', '--memory', '1G'),
  line('a short option that is none', '-x', 'boot', '-x'),
  line('an option of a verb before it', '--memory', '--memory', '1G', 'boot'),
  line("an option of eulab's own behind the verb", '--config', 'boot', '--config', 'ci.toml', '--', 'true'),
  line('an option without its value', '--memory', 'boot', '--memory'),
  line('a verb without what it is for', 'name', 'exec'),
  line('a word too many', 'ps', 'ps', 'vm1'),
  line('two that exclude each other', '--warm', 'boot', '--warm', '--gdb', '--', 'true'),
  line('a command without --', 'uname', 'boot', 'uname'),
  line('a misspelt machine', 'rooter', 'boot', 'rooter', '--', 'true'),
  line('two machines', 'router data', 'boot', 'router', 'data', '--', 'true'),
  line('a misspelt kernel', 'debug-6.6.23', 'boot', '--kernel', 'debug-6.6.23', '--', 'true'),
  line('a kernel to use that is none', 'debug-6.7', 'kernels', 'use', 'debug-6.7'),
  line('a misspelt disk', 'date', 'boot', '--kernel', 'debug-6.6.22', '--no-check', '--disk', 'date', '--', 'true'),
  line('a size that is none', 'lots', 'boot', '-m', 'lots', '--', 'true'),
  line('a time that is none', 'soon', 'boot', '--timeout', 'soon', '--', 'true'),
  line('a limit on no phase', 'kernl', 'boot', '--limit', 'kernl=3s', '--', 'true'),
  line('a misspelt accelerator', 'kmv', 'boot', '--accel', 'kmv', '--', 'true'),
  line('a misspelt network', 'brigde', 'boot', '--net', 'brigde', '--', 'true'),
  line('a misspelt word of a network', 'modle', 'boot', '--net', 'user,modle=e1000', '--', 'true'),
  line('an address that is none', '10.0.0', 'boot', '--ip', '10.0.0', '--', 'true'),
  line('a port that is none', '99999', 'boot', '--forward', 'tcp::99999-:22', '--', 'true'),
  line('a variable without a name', '--env', 'boot', '--env', '=1', '--', 'true'),
  line('--repeat without a profile', '--repeat', 'boot', '--repeat', '3', '--', 'true'),
  line('a misspelt engine', 'podmn', 'build', 'kernel', '--engine', 'podmn'),
  line('a misspelt profile', 'debgu', 'build', 'kernel', '--profile', 'debgu'),
  line('a misspelt source', 'latest-ltz', 'build', 'kernel', '--source', 'latest-ltz'),
  line('a config symbol that is none', 'KASAN', 'build', 'kernel', '--set', 'KASAN'),
  line('no jobs', '--jobs', 'build', 'kernel', '--jobs', '0'),
  line('a mirror that is no URL', '--mirror', 'build', 'kernel', '--mirror', 'here'),
  line('a compression with a level that it lacks', 'gzip:12', 'build', 'ramdisk', '--compression', 'gzip:12'),
  line('a disk without a size', 'size', 'disk', 'create', 'big'),
  line('a size without its unit', '100', 'disk', 'create', 'big', '100'),
  line('a disk that is none', 'dta', 'disk', 'remove', 'dta'),
  line('a bridge with too long a name', '--bridge', 'net', 'status', '--bridge', 'a-very-long-bridge'),
  line('a VLAN that is none', '5000', 'net', 'up', '--uplink', 'eth9', '--vlan', '5000'),
  line('something unknown to clean', 'kernle', 'clean', 'kernle'),
  line('a check that is none', 'kmv', 'doctor', 'kmv'),
  line('a machine that does not run', 'vm9', 'exec', 'vm9', '--', 'true'),
  line('an initramfs that is not there', 'no.cpio', 'ramdisk', 'ls', 'no.cpio'),
  line('a folder that is not there', '/no/such', '-C', '/no/such', 'boot', '--', 'true'),
  line('a table that is none', 'boots', 'config', 'show', 'boots'),
];
