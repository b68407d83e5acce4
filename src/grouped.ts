/** What makes an option of a command. */
type Maker = () => { helpGroup(heading: string): unknown };

/** A part of the table of settings whose options stand below one heading in the help. */
export function grouped<Table extends Readonly<Record<string, Maker>>>(heading: string, table: Table): Table {
  const makers = Object.entries(table).map(([name, make]) => {
    const under = () => {
      const option = make();
      option.helpGroup(heading);
      return option;
    };
    return [name, under] as const;
  });
  return Object.fromEntries(makers) as unknown as Table;
}
