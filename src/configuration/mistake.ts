import { EulabError, status } from '../errors.ts';

/** Something in the settings that cannot be. */
export interface Mistake {
  /** FILE:LINE:COLUMN, or the name of a variable. */
  readonly place: string;
  readonly message: string;
  readonly hint: string;
}

/** The error for mistakes, all of them at once; status 2. */
export function refusal(mistakes: readonly Mistake[]): EulabError {
  const [only] = mistakes;
  if (only !== undefined && mistakes.length === 1) {
    return new EulabError(`${only.place}: ${only.message}`, { hint: only.hint, exitCode: status.usage });
  }
  const details = mistakes.flatMap(({ place, message, hint }) => [`${place}: ${message}`, `    ${hint}`]);
  return new EulabError(`${mistakes.length} mistakes in the settings`, { details, exitCode: status.usage });
}
