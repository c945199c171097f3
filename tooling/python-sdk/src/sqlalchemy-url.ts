/**
 * The URL by which SQLAlchemy, and so the Python SDK, reaches the database of one of our URLs. What follows a `?` stays
 * behind: the drivers have other words for it.
 *
 * @param driver - Of MySQL and MariaDB: SQLAlchemy has several.
 */
export function sqlalchemyUrl(url: string, driver: 'aiomysql' | 'asyncmy' = 'aiomysql'): string {
  const [address = ''] = url.split('?');
  if (address.startsWith('sqlite:')) return `sqlite+aiosqlite:///${address.slice('sqlite:'.length)}`;
  const isPostgres = address.startsWith('postgres');
  const scheme = isPostgres ? 'postgresql+asyncpg' : `mysql+${driver}`;
  return address.replace(/^[a-z]+/, scheme) + (isPostgres ? '' : '?charset=utf8mb4');
}
