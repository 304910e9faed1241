// Content blocks shared by the tools, resources and prompts.
export const PNG_1X1 =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';

/** A WAV file of eight silent samples, 8 kHz, 8 bit, mono. */
export const WAV_SILENCE = wavOfSilence(8);

function wavOfSilence(samples) {
  const wav = Buffer.alloc(44 + samples, 0x80);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // mono
  wav.writeUInt32LE(8000, 24); // samples per second
  wav.writeUInt32LE(8000, 28); // bytes per second
  wav.writeUInt16LE(1, 32); // bytes per frame
  wav.writeUInt16LE(8, 34); // bits per sample
  wav.write('data', 36);
  wav.writeUInt32LE(samples, 40);
  return wav.toString('base64');
}

export const text = value => ({ type: 'text', text: value });
export const image = () => ({ type: 'image', data: PNG_1X1, mimeType: 'image/png' });
export const audio = () => ({ type: 'audio', data: WAV_SILENCE, mimeType: 'audio/wav' });
export const resource = (uri, mimeType, value) => ({ type: 'resource', resource: { uri, mimeType, text: value } });

export const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
