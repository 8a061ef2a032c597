/** One entry; its program fills it. */
export function EntryDialog() {
  return (
    <dialog id="entry" class="sheet" aria-labelledby="entry-key">
      <header>
        <h2 id="entry-key">–</h2>
        <button class="quiet close" type="button" aria-label="Close">
          ✕
        </button>
      </header>
      <div class="sheet-body" id="entry-body" />
    </dialog>
  );
}
