/** Set by the bundler; undefined when the source is run as it is. */
declare const EULAB_VERSION: string | undefined;
declare const EULAB_DATE: string | undefined;

/** The version and the git commit it was bundled from, such as "0.1.0 (1a2b3c4, 2026-01-31)". */
export function version(): string {
  return typeof EULAB_VERSION === 'string' ? EULAB_VERSION : 'development';
}

/** The day of that commit, as YYYY-MM-DD; today for a source that is run as it is. */
export function date(): string {
  return typeof EULAB_DATE === 'string' ? EULAB_DATE : new Date().toISOString().slice(0, 10);
}
