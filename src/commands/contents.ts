import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { EulabError, isErrno, status } from '../errors.ts';

/** What is to be in an initramfs, as the options have it. */
export interface Contents {
  readonly add?: readonly string[] | undefined;
  readonly overlay?: readonly string[] | undefined;
  readonly program?: readonly string[] | undefined;
  readonly package?: readonly string[] | undefined;
  readonly init?: string | undefined;
  readonly module?: readonly string[] | undefined;
  readonly modules?: string | undefined;
  readonly service?: readonly string[] | undefined;
}

const texts = v.optional(v.array(v.string('is no text'), 'is no list of texts'), []);

const schema = v.strictObject({
  add: texts,
  overlay: texts,
  program: texts,
  package: texts,
  init: v.optional(v.string('is no text')),
  module: texts,
  modules: v.optional(v.string('is no text')),
  service: v.optional(v.record(v.string(), v.string('is no text'), 'is no object of commands by name'), {}),
});

/**
 * The options, and before them what the file of `--contents` has; what may be there once only, the option decides. Paths in the
 * file are relative to its folder.
 *
 * @throws EulabError (2) when the file cannot be read, or says something else; all that is wrong is told.
 */
export function withContents<Options extends Contents & { readonly contents?: string | undefined }>(options: Options): Options {
  if (options.contents === undefined) return options;
  const file = options.contents;
  const said = v.safeParse(schema, parsed(file));
  if (!said.success) {
    const told = ({ message, type }: (typeof said.issues)[number]) => (type === 'strict_object' ? 'is no option' : message);
    const details = said.issues.map((issue) => `${v.getDotPath(issue) ?? file} ${told(issue)}`);
    throw refused(file, 'says what is no option', details);
  }
  const { add, overlay, program, package: packages, init, module, modules, service } = said.output;
  // Not joined: what leads elsewhere is still to be refused.
  const here = (path: string) => (path.startsWith('/') ? path : `${dirname(file)}/${path}`);
  const named = (text: string) => (/^\S*\//.test(text) ? here(text) : text);
  return {
    ...options,
    add: [...add.map(here), ...(options.add ?? [])],
    overlay: [...overlay.map(here), ...(options.overlay ?? [])],
    program: [...program.map(named), ...(options.program ?? [])],
    package: [...packages.map(named), ...(options.package ?? [])],
    init: options.init ?? (init === undefined ? undefined : here(init)),
    module: [...module.map(named), ...(options.module ?? [])],
    modules: options.modules ?? (modules === undefined || modules === 'none' ? modules : here(modules)),
    service: [...Object.entries(service).map((pair) => pair.join('=')), ...(options.service ?? [])],
  };
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw refused(file, isErrno(error) ? `cannot be read (${error.code})` : 'is no JSON', []);
  }
}

function refused(file: string, what: string, details: readonly string[]): EulabError {
  const hint =
    'write {"add": ["SRC:DST"], "overlay": [], "program": [], "package": [], "init": "", "module": [], "service": {"NAME": "COMMAND"}}';
  return new EulabError(`--contents ${file} ${what}`, { details, hint, exitCode: status.usage });
}
