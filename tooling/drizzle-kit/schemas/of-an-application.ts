import { int, mysqlTable } from 'drizzle-orm/mysql-core';

export const orders = mysqlTable('orders', { id: int('order_id').primaryKey() });
