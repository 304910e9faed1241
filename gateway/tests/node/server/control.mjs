// The control endpoint: a port of its own, so that nothing a test does to the server goes past the gateway.
import express from 'express';

/** An express app; `parts` are the pieces of the running server it reads and changes. */
export function controlApp({ journal, resourceMetadata, verifier, challenge, transport }) {
    const app = express();
    app.use(express.json({ limit: '10mb' }));
    app.get('/requests', (_request, response) => response.json(journal.requests));
    app.get('/counters', (_request, response) =>
        response.json({ ...journal.counters, sessions: transport.sessions() })
    );
    app.post('/forget', (_request, response) => response.json(journal.forget() ?? {}));
    app.post('/break-streams', (request, response) =>
        response.json({ broken: journal.breakStreams(request.body.method) })
    );
    app.post('/notify', async (request, response) =>
        response.json({ sent: await transport.notify(request.body) })
    );
    app.post('/prm', (request, response) => response.json(resourceMetadata.change(request.body)));
    app.post('/revoke', (_request, response) => response.json({ revoked: verifier.revokeAll() }));
    app.post('/audiences', (request, response) => {
        verifier.audiences = request.body.accept;
        response.json({ accept: verifier.audiences });
    });
    app.post('/challenge', (request, response) => {
        challenge.fields = request.body.fields ?? undefined;
        response.json(challenge);
    });
    return app;
}
