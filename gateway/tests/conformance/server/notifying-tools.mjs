// Tools that say something before their result: progress, log messages, a closed stream, a changed list.
import { pause, text } from './content.mjs';

const STEP_MS = 50;

export function addNotifyingTools(server, notifier) {
  const tool = (name, description, run) =>
    server.registerTool(name, { description }, async ctx => ({ content: [text(await run(ctx))] }));

  tool('test_tool_with_logging', 'Sends three log messages while it runs', async ctx => {
    await ctx.mcpReq.log('info', 'Tool execution started');
    await pause(STEP_MS);
    await ctx.mcpReq.log('info', 'Tool processing data');
    await pause(STEP_MS);
    await ctx.mcpReq.log('info', 'Tool execution completed');
    return 'Sent three log messages';
  });

  tool('test_logging_tool', 'Logs one message, for requests that asked for a log level', async ctx => {
    await ctx.mcpReq.log('info', 'Logged by test_logging_tool');
    return 'Logged one message';
  });

  tool('test_tool_with_progress', 'Reports 0, 50 and 100 of 100', async ctx => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progress > 0) await pause(STEP_MS);
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 100 };
        await ctx.mcpReq.notify({ method: 'notifications/progress', params });
      }
    }
    return 'Reported progress to the end';
  });

  tool('test_reconnection', 'Closes its stream half way; the result waits for a reconnect', async ctx => {
    await pause(STEP_MS);
    ctx.http?.closeSSE?.();
    await pause(2 * STEP_MS);
    return 'Result delivered after the stream was closed';
  });

  tool('test_trigger_tool_change', 'Announces a changed tool list', async () => {
    notifier().toolsChanged();
    return 'Announced a changed tool list';
  });

  tool('test_trigger_prompt_change', 'Announces a changed prompt list', async () => {
    notifier().promptsChanged();
    return 'Announced a changed prompt list';
  });
}
