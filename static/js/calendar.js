// What the calendar and the page of a day load.
import "./elements/bs-card-menu.js";
import "./elements/bs-calendar.js";
