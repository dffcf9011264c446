// What script adds to pages that work without it: marks without a reload, search while one types, keys.
import { watchMarks } from "./marks.js";
import { watchSearch } from "./instant.js";
import { watchKeys } from "./keys.js";

document.documentElement.classList.add("scripted");
watchMarks();
watchSearch();
watchKeys();
