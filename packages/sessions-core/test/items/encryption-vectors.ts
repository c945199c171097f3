/** 32 bytes in base64. */
export const RAW_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

/** Written at second 1,700,000,000, by the Python SDK 0.24.0 with cryptography 50.0.2. */
export const VECTORS = [
  {
    key: 'your-secret-key-here',
    sessionId: 'user-123',
    text: '{"role":"user","content":"Hello"}',
    token:
      'gAAAAABlU_EAAAECAwQFBgcICQoLDA0ODzjHAZg5Rhae4uKp4sAnlrktM77lxhhWuhrs2bBCiU2lRmAuI7flR_KSH7AiUAfgFW5rCK-pJxHCDi6n76zuuRndWvPwiHlsYZ_L0Vi2p6Rz',
  },
  {
    key: RAW_KEY,
    sessionId: 'user-123',
    text: '{"role":"user","content":"café 你好 😀"}',
    token:
      'gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD4r1pXA6qZ-XEGVlrCw_iKm0ltLr0IURwZJKAshpUUiWQbGN9MZFMmaeS5RPb6SKVB1e197nVzMEuDoLBMqTwAxkivvqy-9zwHNI5315o0eD',
  },
  {
    key: 'pässwörd',
    sessionId: 'séssion/1',
    text: '{"type":"function_call_output","call_id":"c1","output":"x"}',
    token:
      'gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD1B6SmFhiL0qCmO4uSLsQQ7LWu4yaWQUYpJttZaQAL7CITx2-mvSJ162pt8nXYDYE-TV_5LTz6KzRvN-10CCbT9DV-U0aVLgPxBXTFTN_lyVURf_85BSK8L4B69RjuvruQ==',
  },
  {
    key: 'secret',
    sessionId: '',
    text: '{"role":"user","content":"x"}',
    token:
      'gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD89nD2zI4JXMFBM_AkRHwNV7hJwcDUXIYgLZ--HtKY0_ltLgVw7TGdTjHj8nYxWHr34yt42mzu_eujdk9FS2ZmQ=',
  },
];
