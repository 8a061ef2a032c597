/** Which titles an image file was last named by. */
export class ReferrerMap {
  /** Notes the files that a title's body names. `title`: its tag. */
  note(_title: string, _body: unknown): void {}

  /** Tags of the titles that name a file. */
  titlesOf(_file: string): readonly string[] {
    return [];
  }

  /** Everything was purged. */
  clear(): void {}
}
