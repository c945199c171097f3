import { type AddHelpTextContext, Help, type HelpConfiguration } from 'commander';

/** Columns of a help that no terminal shows. */
const COLUMNS = 80;

/** A description with fewer columns beside its option stands under it. */
const LEAST = 24;

/** Help that fits into narrow terminals. Words are broken here, and not by a library, as the help loads none. */
export const HELP: HelpConfiguration = {
  minWidthToWrap: 1,
  formatItem(term, termWidth, description, helper) {
    const beside = (helper.helpWidth ?? COLUMNS) - termWidth - '    '.length;
    return description === '' || beside >= LEAST
      ? Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
      : `  ${term}\n      ${description}`;
  },
  formatHelp(command, helper) {
    return broken(Help.prototype.formatHelp.call(helper, command, helper), helper.helpWidth ?? COLUMNS);
  },
};

/** A text under the help. */
export function underHelp(text: string): (context: AddHelpTextContext) => string {
  return ({ error }) => broken(text, (error ? process.stderr : process.stdout).columns ?? COLUMNS);
}

/** Lines that are not wider, each beginning where the one did that they are of; a word that is wider is broken anywhere. */
function broken(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const [indent = ''] = /^ */.exec(line) ?? [];
      const room = Math.max(columns - indent.length, 1);
      if (line.length <= columns) return line;
      const parts = line.match(new RegExp(`\\S.{0,${room - 1}}(?=\\s|$)|\\S{1,${room}}`, 'g')) ?? [];
      return parts.map((part) => indent + part.trimEnd());
    })
    .join('\n');
}
