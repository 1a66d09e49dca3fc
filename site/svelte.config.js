// Merged into Evidence's configuration. Names and tags of models are untrusted, so the content security policy allows only
// files of this site, and only scripts that the build wrote.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

// The two scripts in Evidence's page template. The build removes the placeholder `/*loading*/`.
const template = readFileSync('src/app.html', 'utf8').replace('/*loading*/', '');
const scripts = [...template.matchAll(/<script>([^]*?)<\/script>/g)].map(
	([, text]) => `sha256-${createHash('sha256').update(text).digest('base64')}`
);

export default {
	kit: {
		csp: {
			mode: 'hash',
			directives: {
				'default-src': ['self'],
				'script-src': ['self', 'wasm-unsafe-eval', ...scripts],
				'style-src': ['self', 'unsafe-inline'],
				'img-src': ['self', 'data:', 'blob:'],
				'font-src': ['self', 'data:'],
				'worker-src': ['self', 'blob:'],
				'object-src': ['none'],
				'base-uri': ['self'],
				'form-action': ['none']
			}
		}
	}
};
