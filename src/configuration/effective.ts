import type { CommandUnknownOpts, Option } from 'commander';
import type { Configuration } from './configuration.ts';
import type { Mistake } from './mistake.ts';
import { optionsOf, optionValue, type Setting, settingsOf } from './setting.ts';

/** Where a value came from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number };

/** A setting as a command would have it. */
export interface Effective {
  readonly key: string;
  /** As a file would say it; undefined when nobody says anything and there is no default. */
  readonly value: boolean | string | readonly string[] | undefined;
  readonly origin: Origin;
}

/** What the environment says of a command, given to it; returns what is wrong with that. */
export function fromEnvironment(command: CommandUnknownOpts, env: NodeJS.ProcessEnv): Mistake[] {
  return optionsOf(command).flatMap((setting): Mistake[] => {
    const variable = setting.option.envVar;
    const text = variable === undefined ? undefined : env[variable];
    if (variable === undefined || text === undefined) return [];
    try {
      const value = optionValue(setting, setting.kind === 'switch' ? !setting.option.negate : [text]);
      command.setOptionValueWithSource(setting.option.attributeName(), value, 'env');
      return [];
    } catch (error) {
      const why = (error as Error).message.replace(/^It /, '').replace(/\.$/, '');
      return [
        { place: variable, message: `${JSON.stringify(text)}: ${why}`, hint: `${setting.key}: ${setting.option.description}` },
      ];
    }
  });
}

/** All settings of a command that the environment and the files have been given to. Pure. */
export function effective(command: CommandUnknownOpts, given: Configuration['given'], env: NodeJS.ProcessEnv): Effective[] {
  return settingsOf(command).map((setting): Effective => {
    const { option, key } = setting;
    const source = command.getOptionValueSource(option.attributeName());
    const variable = option.envVar;
    if (source === 'env' && variable !== undefined) {
      const text = env[variable] ?? '';
      return { key, value: setting.kind === 'switch' ? !option.negate : text, origin: { kind: 'environment', variable } };
    }
    const said = given.find((one) => one.setting.option.attributeName() === option.attributeName());
    if (source !== 'config' || said === undefined) return { key, value: usual(setting), origin: { kind: 'default' } };
    const { texts, document, path } = said;
    const value = typeof texts === 'boolean' || setting.repeatable ? texts : texts.at(-1);
    return { key, value, origin: { kind: 'file', ...document.where(path, 'key') } };
  });
}

/** A default as a file would say it. */
function usual({ kind, option }: Setting): boolean | string | undefined {
  if (kind === 'switch') return option.negate;
  return defaultText(option);
}

/** What a setting is when nobody says it, as text; undefined for nothing. Pure. */
export function defaultText({ defaultValue, defaultValueDescription }: Option): string | undefined {
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  return defaultValue === undefined ? undefined : String(defaultValue);
}
