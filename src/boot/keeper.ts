import type { Command } from '../command.ts';

/** What is undone when eulab is killed and cannot do it itself. */
export interface Estate {
  /** The machine's private folder: its sockets. */
  readonly folder: string;
  /** The terminal that is in raw mode, and what stty(1) is to set it to again. */
  readonly terminal?: { readonly device: string; readonly settings: string };
}

/** What eulab says on the lifeline when it has cleaned up itself: the keeper then touches nothing. */
export const farewell = 'done\n';

/**
 * The machine's program beside a keeper: a shell that waits on descriptor 3, the lifeline, which ends with eulab however eulab
 * ends. Without a farewell the keeper kills the program, sets the terminal right and removes the folder. Pure.
 *
 * The shell becomes the program, so the process that is started is the program itself. The keeper's end of the lifeline is
 * open from the start: there is no moment in which killing eulab would leave anything.
 */
export function underKeeper(command: Command, { folder, terminal }: Estate): Command {
  const { device, settings } = terminal ?? { device: '', settings: '' };
  return { ...command, file: '/bin/sh', args: ['-c', script, 'eulab', folder, device, settings, command.file, ...command.args] };
}

const script = `
folder=$1 terminal=$2 settings=$3 program=$$
shift 3
(
	trap '' HUP INT QUIT TERM TSTP TTIN TTOU
	exec >/dev/null 2>&1
	read -r word <&3
	[ "$word" != done ] || exit
	kill -9 "$program"
	if [ -n "$terminal" ]; then
		stty -F "$terminal" "$settings"
		printf '\\033[?7h\\033[?25h' >"$terminal"
	fi
	rm -rf -- "$folder"
) &
exec 3<&-
exec "$@"
`;
