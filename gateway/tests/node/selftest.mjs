// Proves the parts against each other, without a gateway: what fails here is no fault of Tollgate's.
// `node selftest.mjs [word]` runs the cases whose name contains the word. SELFTEST_LOGS=1 shows the programs' logs.
import { endCase, endShared } from './selftest/parts.mjs';
import { cases as login } from './selftest/login.mjs';
import { cases as peculiar } from './selftest/peculiar.mjs';
import { cases as transport } from './selftest/transport.mjs';

const wanted = process.argv[2] ?? '';
let passed = 0;
let failed = 0;

for (const [name, run] of Object.entries({ ...login, ...transport, ...peculiar })) {
    if (!name.includes(wanted)) continue;
    try {
        await run();
        passed += 1;
        process.stdout.write(`ok      ${name}\n`);
    } catch (error) {
        failed += 1;
        process.stdout.write(`FAILED  ${name}\n${error.stack}\n`);
    } finally {
        await endCase();
    }
}
await endShared();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
