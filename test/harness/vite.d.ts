/** What Vite and workerd's plugin add to modules, as far as files-workers.ts uses it. */
interface ImportMeta {
  glob(pattern: string, options: { readonly query: "?raw"; readonly import: "default"; readonly eager: true }): Readonly<Record<string, string>>;
}
