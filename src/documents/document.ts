import type * as v from 'valibot';
import type { DocumentName, documents } from './table.ts';

type Frozen<Value> = Value extends object ? { readonly [Key in keyof Value]: Frozen<Value[Key]> } : Value;

/** A document of that name, as its schema has it. */
export type Document<Name extends DocumentName> = Frozen<v.InferOutput<(typeof documents)[Name]['schema']>>;

/** The text of a document: the compiler sees to it that it has what its schema says, and a program need not load the schema. Pure. */
export function documentText<Name extends DocumentName>(_name: Name, document: Document<Name>): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
