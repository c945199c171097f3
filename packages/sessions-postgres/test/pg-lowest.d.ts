// an alias of pg, which has no types of its own
declare module 'pg-lowest' {
  export * from 'pg';
  export { default } from 'pg';
}
