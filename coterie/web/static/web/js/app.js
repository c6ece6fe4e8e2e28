// Everything that the pages do by script. Without it, links and forms do the same in whole pages.
import "./appearance.js";
import "./archives.js";
import "./column-chooser.js";
import "./copy-button.js";
import "./dialogs.js";
import "./filter-builder.js";
import "./inline-edit.js";
import "./late-count.js";
import "./live-news.js";
import "./newest-only.js";
import "./person-panel.js";
import "./pop-over.js";
import "./row-selection.js";
import "./segment-picker.js";
import "./shortcut-keys.js";
import "./small.js";
import "./views-menu.js";
