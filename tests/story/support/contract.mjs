// The OpenAPI description as a contract: every answer seen in the tests is compared with it.

import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const DESCRIPTION = 'https://counterfoil.invalid/openapi.json'; // A name, never fetched.
const POINTER = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

export class Contract {
    constructor(description) {
        this.description = description;
        this.violations = new Map();
        this.seen = new Set();
        this.checked = 0;
        this.ajv = new Ajv({ strict: false, allErrors: true });
        addFormats(this.ajv);
        this.ajv.addSchema({ $id: DESCRIPTION, ...description });
        this.validators = new Map();
        // The most literal path first: /v1/feed/stream before /v1/feed/{x}.
        this.routes = Object.keys(description.paths ?? {})
            .map((template) => ({
                template,
                variables: template.split('{').length - 1,
                pattern: new RegExp(`^${template
                    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
                    .replace(/\{[^}]+\}/g, '[^/]+')}$`),
            }))
            .sort((a, b) => a.variables - b.variables);
    }

    route(path) {
        return this.routes.find(({ pattern }) => pattern.test(path))?.template;
    }

    validator(pointer) {
        if (!this.validators.has(pointer)) {
            this.validators.set(pointer, this.ajv.compile({ $ref: `${DESCRIPTION}#${pointer}` }));
        }
        return this.validators.get(pointer);
    }

    resolve(object, pointer) {
        if (object?.$ref === undefined) return [object, pointer];
        const target = object.$ref.slice(1);
        const value = target.slice(1).split('/').reduce(
            (node, part) => node?.[part.replaceAll('~1', '/').replaceAll('~0', '~')],
            this.description,
        );
        return [value, target];
    }

    violation(text, example) {
        if (!this.violations.has(text)) this.violations.set(text, example);
    }

    // Compares ANSWER; what does not fit is kept for kept().
    check(method, target, answer) {
        const path = target.split('?')[0];
        const template = this.route(path);
        // An unknown path is answered as any other error, without a description of its own.
        if (template === undefined) {
            if (answer.status < 400) this.violation(`${method} ${path} is not described`, '');
            return;
        }
        const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
        const operation = this.description.paths[template][verb];
        if (operation === undefined) {
            if (answer.status !== 405) this.violation(`${method} ${template} is not described`, '');
            return;
        }
        const status = operation.responses[answer.status] ? answer.status : 'default';
        const where = `${method} ${template} ${answer.status}`;
        if (operation.responses[status] === undefined) {
            this.violation(`${where} is not described`, answer.text.slice(0, 300));
            return;
        }
        this.seen.add(where);
        this.checkBody(where, answer, operation.responses[status],
            `/paths/${POINTER(template)}/${verb}/responses/${status}`);
    }

    checkBody(where, answer, given, at) {
        const [response, pointer] = this.resolve(given, at);
        const type = (answer.headers['content-type'] ?? '').split(';')[0].trim();
        if (answer.bytes.length === 0) return;
        const content = response.content?.[type];
        if (content === undefined) {
            this.violation(`${where}: media type ${type} is not described`, '');
            return;
        }
        if (answer.json === undefined || content.schema === undefined) return;
        this.validate(where, `${pointer}/content/${POINTER(type)}/schema`, answer.json);
    }

    // The body of a webhook, as described under `webhooks`.
    checkWebhook(json) {
        const at = `/webhooks/${POINTER(json.type)}/post/requestBody`;
        const [body, pointer] = this.resolve(
            this.description.webhooks?.[json.type]?.post?.requestBody, at);
        if (body === undefined) {
            this.violation(`webhook ${json.type} is not described`, '');
            return;
        }
        this.validate(`webhook ${json.type}`, `${pointer}/content/application~1json/schema`, json);
    }

    validate(where, pointer, json) {
        const validator = this.validator(pointer);
        this.checked++;
        if (validator(json)) return;
        for (const error of validator.errors.slice(0, 5)) {
            const detail = JSON.stringify(error.params);
            this.violation(`${where}: ${error.instancePath} ${error.message} ${detail}`,
                JSON.stringify(json).slice(0, 600));
        }
    }

    // Throws if any answer did not fit, or if none was compared.
    kept() {
        if (this.violations.size > 0) {
            const lines = [...this.violations].map(([text, example]) => `${text}\n    ${example}`);
            throw new Error(`answers that the description does not allow:\n${lines.join('\n')}`);
        }
        if (this.checked === 0) throw new Error('no answer was compared');
    }
}
