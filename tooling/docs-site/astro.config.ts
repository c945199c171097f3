import starlight from '@astrojs/starlight';
import { defineConfig } from 'astro/config';
import { apiReference, apiSidebarGroup } from './src/api-reference.ts';
import { groupsOf, pages } from './src/pages.ts';
import { BASE } from './src/site.ts';

export default defineConfig({
  base: BASE,
  outDir: './dist',
  trailingSlash: 'always',
  // no picture is changed, so that nothing native is needed for it
  image: { service: { entrypoint: 'astro/assets/services/noop' } },
  integrations: [
    starlight({
      title: 'openai-agents-js-sessions',
      description: 'Conversations of the OpenAI Agents JS SDK, kept in a database you already run.',
      social: [
        {
          icon: 'github',
          label: 'GitHub',
          href: 'https://github.com/StackOneHQ/openai-agents-js-sessions',
        },
      ],
      plugins: [apiReference()],
      sidebar: [
        ...groupsOf(pages()).map(({ label, pages: inGroup }) => ({
          label,
          items: inGroup.map(({ slug, title }) => ({ label: slug === '' ? 'Start' : title, slug })),
        })),
        apiSidebarGroup,
      ],
    }),
  ],
});
