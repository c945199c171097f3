import { Agent, type Model, tool } from '@openai/agents';
import { z } from 'zod';
import type { AppDatabase } from './database.ts';

/**
 * The agent of a shop, for one tenant. It can give money back, but a person has to agree to each refund.
 *
 * @param model - In place of OpenAI.
 */
export function shopAgent(db: AppDatabase, tenant: string, model: Model | undefined): Agent {
  const refund = tool({
    name: 'refund',
    description: 'Gives back the money for an order.',
    parameters: z.object({ order: z.string().describe('The number of the order') }),
    needsApproval: true,
    async execute({ order }, _context, details) {
      // A run that is begun again after a crash makes the same call again: money goes back once for each call.
      await db.query(
        `INSERT INTO shop_refunds (tenant, call_id, order_number) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
        [tenant, details?.toolCall?.callId ?? '', order],
      );
      return `The money for order ${order} was given back.`;
    },
  });
  return new Agent({
    name: 'Assistant',
    instructions:
      'You help the customers of a shop, in plain text and short sentences. You can refund an order if they give its number.',
    tools: [refund],
    ...(model && { model }),
  });
}
