import type { Child } from 'hono/jsx';

/** One section of the page; hidden until it is chosen. Its id is not what the address names: nothing scrolls by itself. */
export function View({ name, title, children }: { name: string; title: string; children?: Child }) {
  return (
    <section
      id={`view-${name}`}
      class="view"
      data-view={name}
      aria-labelledby={`${name}-title`}
      hidden={name !== 'overview'}
    >
      <h1 class="gone" id={`${name}-title`}>
        {title}
      </h1>
      {children}
    </section>
  );
}

export function Card(props: { title: string; note?: string; id?: string; wide?: boolean; children?: Child }) {
  const { title, note, id, wide = false, children } = props;
  return (
    <section class={wide ? 'card wide' : 'card'} id={id}>
      <h2>
        {title}
        {note !== undefined && <small> {note}</small>}
      </h2>
      {children}
    </section>
  );
}

/** What stands where figures will be. */
export function Loading({ rows = 3 }: { rows?: number }) {
  return (
    <div class="loading" role="status">
      <span class="gone">Loading</span>
      {Array.from({ length: rows }, () => (
        <span class="bone" />
      ))}
    </div>
  );
}

/** One of several, as buttons side by side. */
export function Choice(props: {
  name: string;
  legend: string;
  options: readonly (readonly [value: string, label: string])[];
  hidden?: boolean;
  id?: string;
}) {
  const { name, legend, options, hidden = false, id } = props;
  return (
    <fieldset class="choice" id={id} hidden={hidden}>
      <legend class="gone">{legend}</legend>
      {options.map(([value, label], i) => (
        <label>
          <input type="radio" name={name} value={value} checked={i === 0} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
