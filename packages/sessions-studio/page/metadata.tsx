/** What an application keeps with a conversation, a mark for each. */
export function Metadata({ metadata }: { readonly metadata: Readonly<Record<string, unknown>> }) {
  const fields = Object.entries(metadata);
  if (fields.length === 0) return null;
  return (
    <span class="chips">
      {fields.map(([key, value]) => (
        <span key={key} class="chip">
          <span class="key">{key}</span> {typeof value === 'string' ? value : JSON.stringify(value)}
        </span>
      ))}
    </span>
  );
}
