// What the planner's address holds: which plan, which level, which part of the map, which tool, and who is compared.

import { Address } from 'page/address';

export const bar = new Address('/plan', ['plan', 'level', 'view', 'tool', 'compare']);
