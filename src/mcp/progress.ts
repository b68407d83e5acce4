import { elapsed, progressText } from '../progress.ts';
import type { ToldEvent } from './child.ts';

/** What a client is told of progress; `progress` only grows, and nobody knows of what. */
export interface Told {
  readonly progress: number;
  readonly message: string;
}

/** Tells events of a call as progress, a sentence each. */
export function progressOf(tell: (told: Told) => void): (event: ToldEvent) => void {
  let progress = 0;
  let step = '';
  let begunMs = 0;
  return (event) => {
    if (event.kind === 'step') {
      step = event.text;
      begunMs = Date.parse(event.at);
    }
    const message = sentence(event, step, Date.parse(event.at) - begunMs);
    if (message === undefined) return;
    progress += 1;
    tell({ progress, message });
  };
}

function sentence(event: ToldEvent, step: string, elapsedMs: number): string | undefined {
  switch (event.kind) {
    case 'step':
    case 'note':
    case 'warning':
      return event.text;
    case 'progress':
      return `${step}: ${progressText({ ...event, total: event.total ?? undefined, now: event.now ?? undefined, elapsedMs })}`;
    case 'machine':
      return `QEMU was started: ${event.name}`;
    case 'phase':
      return `${event.phase} after ${(event.atMs / 1000).toFixed(1)} s`;
    case 'command-end':
      return `the command ended with ${event.status} after ${elapsed(event.atMs)}`;
    default:
      return undefined;
  }
}
