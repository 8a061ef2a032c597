import type { Child } from 'hono/jsx';
import type { Head } from './pages.js';

interface LayoutProps {
  readonly head: Head;
  readonly title: string;
  /** Whether the page's program runs in it. */
  readonly live?: boolean;
  readonly children?: Child;
}

/** The outermost of every page. */
export function Layout({ head: { nonce, assets }, title, live = false, children }: LayoutProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f3f5f8" />
        <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0c1218" />
        <title>{title}</title>
        <link rel="icon" type="image/svg+xml" href={assets.icon.path} />
        <link rel="stylesheet" href={assets.style.path} nonce={nonce} />
        {live && <script type="module" src={assets.script.path} nonce={nonce} />}
      </head>
      <body>{children}</body>
    </html>
  );
}

/** The three tiers, as the icon draws them. */
export function Mark({ icon }: { readonly icon: string }) {
  return <img class="mark" src={icon} width="28" height="28" alt="" />;
}
