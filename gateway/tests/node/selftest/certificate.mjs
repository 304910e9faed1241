// A certificate authority of one's own and a server certificate for 127.0.0.1 and localhost, made with openssl.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes both in a new temporary folder and returns the paths `{folder, ca, cert, key}`. */
export function makeCertificate() {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-tls-'));
    const file = name => join(folder, name);
    const openssl = (...words) => execFileSync('openssl', words, { stdio: 'ignore' });
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n');
    openssl(
        'req',
        '-x509',
        ...newKey,
        '-subj',
        '/CN=test CA',
        '-days',
        '2',
        '-keyout',
        file('ca.key'),
        '-out',
        file('ca.pem')
    );
    openssl(
        'req',
        ...newKey,
        '-subj',
        '/CN=upstream',
        '-keyout',
        file('key.pem'),
        '-out',
        file('request.pem')
    );
    openssl(
        ...['x509', '-req', '-in', file('request.pem'), '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
        ...['-CAcreateserial', '-days', '2', '-extfile', file('names'), '-out', file('cert.pem')]
    );
    return { folder, ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') };
}
