// The types of @commander-js/extra-typings (options inferred from their flags) for the plain package that is bundled.
declare module 'commander' {
  export * from '@commander-js/extra-typings';
}
