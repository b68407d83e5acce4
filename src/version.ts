/** Set by the bundler; undefined when the source is run as it is. */
declare const EULAB_VERSION: string | undefined;

/** The version and the git commit it was bundled from, such as "0.1.0 (1a2b3c4)". */
export function version(): string {
  return typeof EULAB_VERSION === 'string' ? EULAB_VERSION : 'development';
}
