import { lexer, type Token, type Tokens } from 'marked';
import type { ComponentChildren } from 'preact';

/** Deeper than this nothing is laid out: what is left is shown as it was written. */
const DEEPEST = 12;
/** In characters. */
const LONGEST = 50_000;

/** A text with Markdown. HTML in it is shown as text; nothing of it becomes an element that is not named here. */
export function Markdown({ text }: { readonly text: string }) {
  const tokens = tokensOf(text);
  return <div class="markdown">{tokens ? blocks(tokens, 0) : <p class="plain">{text}</p>}</div>;
}

function tokensOf(text: string): Token[] | undefined {
  if (text.length > LONGEST) return undefined;
  try {
    return lexer(text);
  } catch {
    return undefined; // nested so deep that it cannot be read: it is shown as it was written
  }
}

function blocks(tokens: readonly Token[], depth: number): ComponentChildren {
  return tokens.map((token, at) => <Block key={at} token={token} depth={depth} />);
}

function Block({ token, depth }: { readonly token: Token; readonly depth: number }) {
  if (depth > DEEPEST) return <>{token.raw}</>;
  const inside = () => inline(token, depth);
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading':
      return <p class="heading">{inside()}</p>;
    case 'paragraph':
      return <p>{inside()}</p>;
    case 'code':
      return (
        <pre>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case 'blockquote':
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens, depth + 1)}</blockquote>;
    case 'list':
      return <List list={token as Tokens.List} depth={depth} />;
    case 'table':
      return <Table table={token as Tokens.Table} depth={depth} />;
    case 'hr':
      return <hr />;
    default:
      return <Inline token={token} depth={depth} />;
  }
}

function List({ list, depth }: { readonly list: Tokens.List; readonly depth: number }) {
  const items = list.items.map((item, at) => <li key={at}>{blocks(item.tokens, depth + 1)}</li>);
  return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table, depth }: { readonly table: Tokens.Table; readonly depth: number }) {
  return (
    <table>
      <thead>
        <tr>
          {table.header.map((cell, at) => (
            <th key={at} scope="col">
              {inlines(cell.tokens, depth + 1)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row, at) => (
          <tr key={at}>
            {row.map((cell, place) => (
              <td key={place}>{inlines(cell.tokens, depth + 1)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function inline(token: Token, depth: number): ComponentChildren {
  const inner = (token as { tokens?: Token[] }).tokens;
  return inner ? inlines(inner, depth + 1) : ((token as { text?: string }).text ?? token.raw);
}

function inlines(tokens: readonly Token[], depth: number): ComponentChildren {
  return tokens.map((token, at) => <Inline key={at} token={token} depth={depth} />);
}

function Inline({ token, depth }: { readonly token: Token; readonly depth: number }) {
  if (depth > DEEPEST) return <>{token.raw}</>;
  const inside = () => inline(token, depth);
  switch (token.type) {
    case 'strong':
      return <strong>{inside()}</strong>;
    case 'em':
      return <em>{inside()}</em>;
    case 'del':
      return <del>{inside()}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return <Link link={token as Tokens.Link}>{inside()}</Link>;
    case 'text':
    case 'escape':
      return <>{inside()}</>;
    default:
      return <>{token.raw}</>; // HTML, images: as they were written
  }
}

/** Where a link of a conversation may lead: not to scripts, and not to what a program of this machine opens. */
const SCHEMES = ['http:', 'https:', 'mailto:'];

function Link({ link, children }: { readonly link: Tokens.Link; readonly children: ComponentChildren }) {
  return (
    <OutwardLink href={link.href} otherwise={link.raw}>
      {children}
    </OutwardLink>
  );
}

/** A link to another host, for somebody to follow; a text where it leads to anything else. */
export function OutwardLink({
  href,
  otherwise = href,
  children,
}: {
  readonly href: string;
  readonly otherwise?: string;
  readonly children: ComponentChildren;
}) {
  const isSafe = URL.canParse(href) && SCHEMES.includes(new URL(href).protocol);
  if (!isSafe) return <>{otherwise}</>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
