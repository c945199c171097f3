export const open = () => ({ getItems() {} });
