import { quote } from '../../command.ts';
import { file } from '../entry.ts';
import { type Placed, placedHere } from './placed.ts';
import { refusedAddition } from './spec.ts';

/** Where the guest's runsvdir looks for services: see utils/agent/additions.c. */
const folder = 'var/service';

/**
 * The service that `NAME=COMMAND` describes: a command that the guest's runsv starts, and starts again when it ends. Pure.
 *
 * @throws EulabError (2) for another form.
 * @see runsv(8)
 */
export function service(text: string): Placed {
  const said = `--service ${text}`;
  const [, name, command] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,60})=([^\0]*\S[^\0]*)$/s.exec(text) ?? [];
  if (name === undefined || command === undefined) {
    throw refusedAddition(said, 'is not NAME=COMMAND', 'write --service "NAME=COMMAND": letters, digits, . _ - in its name');
  }
  // The shell becomes a command that is a single one, so that signals get there.
  const script = `#!/bin/sh\nexec 2>&1\nexec sh -c ${quote(command)}\n`;
  return placedHere(file(`${folder}/${name}/run`, Buffer.from(script), 0o755), said);
}
