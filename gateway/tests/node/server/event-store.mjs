// The SDK's `EventStore` in memory: ids sort in the order of sending, so that a resumed stream loses and swaps nothing.
export class EventStore {
    #events = [];

    async storeEvent(streamId, message) {
        const eventId = `${streamId}_${this.#events.length}`;
        this.#events.push({ eventId, streamId, message });
        return eventId;
    }

    async getStreamIdForEventId(eventId) {
        return this.#events.find(event => event.eventId === eventId)?.streamId;
    }

    async replayEventsAfter(lastEventId, { send }) {
        const last = this.#events.findIndex(event => event.eventId === lastEventId);
        const { streamId } = this.#events[last];
        for (const event of this.#events.slice(last + 1)) {
            if (event.streamId === streamId) await send(event.eventId, event.message);
        }
        return streamId;
    }
}
