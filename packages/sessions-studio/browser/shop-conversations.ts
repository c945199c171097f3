import type { AgentInputItem } from '@openai/agents-core';
import { assistant, user } from '../test/sample.ts';

/** The conversation that pictures show. */
export const PARCEL = 'chat_4711';

interface ShopConversation {
  readonly id: string;
  readonly title: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly minutesAgo: number;
  /** @param photo - Its address. */
  readonly turns: (photo: string) => readonly (readonly AgentInputItem[])[];
}

const call = (callId: string, name: string, given: object, output: object | string): AgentInputItem[] => [
  { type: 'function_call', callId, name, arguments: JSON.stringify(given), status: 'completed' },
  {
    type: 'function_call_result',
    callId,
    name,
    status: 'completed',
    output: { type: 'text', text: typeof output === 'string' ? output : JSON.stringify(output) },
  },
];

const reasoning = (text: string): AgentInputItem => ({
  type: 'reasoning',
  id: 'rs_1',
  content: [],
  rawContent: [{ type: 'reasoning_text', text }],
});

/** What becomes a photo of a parcel with a dent: drawn, so that the text of this file says what is seen. */
export const PHOTO = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="400" viewBox="0 0 320 200">
  <rect width="320" height="200" fill="#cfd8e3"/><rect y="150" width="320" height="50" fill="#b3bfcc"/>
  <path d="M70 70 160 45 250 70 160 97z" fill="#d9a866"/><path d="M70 70 160 97V172L70 142z" fill="#b9843f"/>
  <path d="M250 70 160 97V172L250 142z" fill="#c9954f"/><path d="M108 58 200 84V120L190 116 182 121V88L92 64z" fill="#e9d7b0"/>
  <path d="M82 128 112 118 124 142 98 151z" fill="#8a5f2a"/>
</svg>`;

const INVOICE = `data:application/pdf;base64,${Buffer.from('%PDF-1.4\n% an invoice\n'.repeat(1500)).toString('base64')}`;

const order = {
  id: 4711,
  state: 'delivered',
  carrier: 'Parcel North',
  lines: [
    { article: 'Walking boots, 42', price: 129 },
    { article: 'Wool socks', price: 14 },
  ],
};

/** From the one that was changed longest ago on. */
export const CONVERSATIONS: readonly ShopConversation[] = [
  {
    id: 'chat_4630',
    title: 'Gift card does not work',
    metadata: { customer: 'grace', channel: 'mail' },
    minutesAgo: 312,
    turns: () => [[user('My gift card is refused.'), assistant('I have sent you a new one.')]],
  },
  {
    id: 'chat_4655',
    title: 'Size of the rain jacket',
    metadata: { customer: 'alan', channel: 'web' },
    minutesAgo: 190,
    turns: () => [[user('Is the rain jacket small?'), assistant('It is. Take one size more.')]],
  },
  {
    id: 'chat_4702',
    title: 'Address changed after ordering',
    metadata: { customer: 'edsger', channel: 'app' },
    minutesAgo: 64,
    turns: () => [[user('I have moved.'), assistant('Where to?')]],
  },
  {
    id: 'chat_4718',
    title: 'Refund for two orders',
    metadata: { customer: 'barbara', channel: 'web', priority: 'high' },
    minutesAgo: 21,
    turns: () => [[user('Two orders came twice.')]],
  },
  {
    id: PARCEL,
    title: 'The parcel came damaged',
    metadata: { customer: 'ada', channel: 'web' },
    minutesAgo: 2,
    turns: (photo) => [
      [
        user('Where is my order 4711?'),
        reasoning('The customer asks for an order by its number. I look it up before I answer.'),
        ...call('call_1', 'find_order', { id: 4711 }, order),
        assistant(
          'It was **delivered this morning** by Parcel North:\n\n| article | price |\n| --- | --- |\n| Walking boots, 42 | 129 € |\n| Wool socks | 14 € |\n\nIs something wrong with it?',
        ),
      ],
      [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'The box has a dent, and one boot a scratch. Here is a photo.' },
            { type: 'input_image', image: photo },
            { type: 'input_file', file: INVOICE, filename: 'invoice-4711.pdf' },
          ],
        },
        ...call(
          'call_2',
          'find_policy',
          { topic: 'damaged' },
          'Damaged goods are replaced or paid back within 30 days.',
        ),
        assistant(
          'I am sorry. You can have **a new pair** or **your money back**:\n\n1. a new pair is with you on Saturday,\n2. a refund takes two days.\n\nWhich do you prefer?',
        ),
      ],
      [user('A new pair, please.'), assistant('It is on its way. You do not have to send the old one back.')],
    ],
  },
];

/** Titles of conversations of the weeks before, oldest first. */
export const OLDER: readonly string[] = [
  'Laces are missing',
  'Invoice for a company',
  'Colour of the tent',
  'Return without a label',
  'Delivery on Saturday',
  'Voucher twice',
  'Warranty of a stove',
  'Wrong article',
  'Newsletter',
  'Washing wool',
  'Two parcels, one order',
  'Payment by invoice',
  'Store hours',
  'Repair of a zip',
  'Order from abroad',
  'Size of a backpack',
  'Delivery note',
  'Password',
  'Sleeping bag in summer',
  'Change of colour',
  'Late parcel',
  'Refund not seen',
  'Boots in wide',
  'Gas by post',
  'Receipt lost',
  'Exchange in a store',
  'Poles, one or two',
  'Account deleted',
  'Preorder of the lamp',
  'Customs',
  'Parcel at the neighbour',
  'Broken buckle',
  'Loyalty points',
  'Map of the region',
  'Thin or thick socks',
  'Return after 30 days',
  'Water filter',
  'Invoice once more',
];

/** Runs that wait for somebody. */
export const WAITING = [
  {
    id: 'run_81',
    conversation: 'chat_4718',
    agent: 'Refunds',
    tool: 'refund',
    calls: [
      { order: 4690, amount: 59.9, currency: 'EUR', reason: 'delivered twice' },
      { order: 4693, amount: 112, currency: 'EUR', reason: 'delivered twice' },
    ],
    minutesAgo: 20,
  },
  {
    id: 'run_82',
    conversation: 'chat_4702',
    agent: 'Logistics',
    tool: 'change_address',
    calls: [{ order: 4699, street: 'Marktplatz 3', city: 'Eindhoven' }],
    minutesAgo: 12,
  },
] as const;
